// The shell with a person before it: a prompt that shows the state, completion of commands and of paths from the live tree, history that is
// kept, events of watches printed above the line that is being typed.

import { createInterface, type Interface } from 'node:readline';
import type { ConnectOptions } from '@zooid/client';
import { ZooKeeperError } from '@zooid/client';
import { ExitCode } from '../exit.ts';
import { Output } from '../output.ts';
import type { ProcessParts } from '../process-parts.ts';
import { printable } from '../terminal/printable.ts';
import { createScreen, type Keyboard } from '../terminal/screen.ts';
import { completeLine } from './complete-line.ts';
import { HistoryFile } from './history-file.ts';
import type { Invocation } from './invocation.ts';
import { progressOn } from './progress.ts';
import { runLine } from './run-line.ts';
import { ShellState } from './shell-state.ts';

const CLEAR_LINE = '\r\u001b[J';

/** Runs until the user goes. @returns the exit code of the last command. */
export async function runInteractive(
  invocation: Invocation,
  options: ConnectOptions,
  parts: ProcessParts,
): Promise<number> {
  const { colors, errorColors } = new Output(parts);
  const history = new HistoryFile(parts.environment);
  let lines: Interface | undefined;
  let isTyping = false;
  const promptText = () => {
    const paint = shell.stateName === 'CONNECTED' ? colors.green : colors.yellow;
    return `[zk: ${shell.hosts}(${paint(shell.stateName)}) ${shell.history.length}] `;
  };
  /** What others say must not break the line that is being typed. */
  const aside = (text: string) => {
    if (!isTyping) parts.writeOut(text);
    else {
      parts.writeOut(`${CLEAR_LINE}${text}`);
      lines?.setPrompt(promptText());
      lines?.prompt(true);
    }
  };
  // Data and errors come from elsewhere and must not steer the terminal.
  const streams = {
    out: (text: string) => aside(printable(text)),
    error: (text: string) => parts.writeError(errorColors.red(printable(text))),
    screen: createScreen(aside, () => parts.outTerminal()?.columns ?? 80, colors),
    progress: progressOn(parts),
    get keyboard(): Keyboard {
      return keyboard;
    },
  };
  const shell = new ShellState(invocation.hosts, options, streams, {
    usesJson: invocation.usesJson,
    printsWatches: true,
  });
  let running = new AbortController();
  const reader = createInterface({
    input: process.stdin,
    output: process.stdout,
    terminal: true,
    history: [...history.read()],
    historySize: HistoryFile.LINES_MAX,
    removeHistoryDuplicates: true,
    completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
      void completeLine(shell.zk, line).then((result) => done(null, result));
    },
  });
  lines = reader;
  const keyboard = keyboardOf(reader, parts);
  const prompt = () => {
    reader.setPrompt(promptText());
    isTyping = true;
    reader.prompt();
  };
  const run = async (work: (signal: AbortSignal) => Promise<void>) => {
    isTyping = false;
    running = new AbortController();
    reader.pause();
    // Paused, the terminal still tells of Ctrl-C, if somebody reads.
    process.stdin.resume();
    await work(running.signal);
    reader.resume();
  };
  reader.on('SIGINT', () => {
    if (!isTyping) running.abort();
    else {
      parts.writeOut('^C\n');
      reader.write(null, { ctrl: true, name: 'e' });
      reader.write(null, { ctrl: true, name: 'u' });
      prompt();
    }
  });
  parts.writeOut(`Connecting to ${invocation.hosts}\n`);
  await run(async (signal) => {
    try {
      await shell.connect(invocation.hosts, signal);
    } catch (error) {
      if (!ZooKeeperError.is(error) && !(error instanceof Error && error.name === 'AbortError'))
        throw error;
      streams.error(`${error.message}\n"connect" tries again.\n`);
      shell.exitCode = ExitCode.failed;
    }
  });
  parts.writeOut('Welcome! "help" lists the commands, Tab completes them and paths.\n');
  const ended = new Promise<void>((resolve) => reader.once('close', resolve));
  const waiting: string[] = [];
  let isRunning = false;
  const runWaiting = async () => {
    isRunning = true;
    for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) {
      const typed = line;
      history.add(typed);
      await run((signal) => runLine(shell, streams, typed, signal, 'person'));
      if (shell.isOver) reader.close();
    }
    isRunning = false;
    if (!shell.isOver) prompt();
  };
  let failure: unknown;
  reader.on('line', (line) => {
    waiting.push(line);
    if (isRunning) return;
    runWaiting().catch((error: unknown) => {
      failure = error;
      reader.close();
    });
  });
  prompt();
  await ended;
  if (isTyping) parts.writeOut('\n');
  isTyping = false;
  shell.printsWatches = false;
  running.abort();
  await shell.close();
  if (failure !== undefined) throw failure;
  return shell.exitCode;
}

/** The keyboard while a command runs; the reader of lines is paused then. */
function keyboardOf(reader: Interface, parts: ProcessParts): Keyboard {
  const { stdin } = process;
  return {
    ask: (question, signal) =>
      new Promise((resolve, reject) => {
        // An answer is no line that anybody wants to run again.
        const forget = (history: string[]) => history.shift();
        const done = () => {
          signal.removeEventListener('abort', cancel);
          reader.off('history', forget).off('close', close).pause();
          // As `run` left it: Ctrl-C is still told of.
          stdin.resume();
        };
        const cancel = () => {
          done();
          parts.writeOut('\n');
          reject(signal.reason);
        };
        const close = () => {
          done();
          resolve('');
        };
        signal.addEventListener('abort', cancel);
        reader.on('history', forget).on('close', close).resume();
        reader.question(question, { signal }, (answer) => {
          done();
          resolve(answer);
        });
      }),
    lend: async (work) => {
      // Ctrl-C is the other program's.
      const forgetSignals = parts.listenForSignals(() => {});
      stdin.setRawMode(false).pause();
      try {
        return await work();
      } finally {
        stdin.setRawMode(true).resume();
        forgetSignals();
      }
    },
  };
}
