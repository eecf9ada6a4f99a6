import { ExitCode } from '../exit.ts';
import { parseArguments } from './arguments.ts';
import type { ShellCommand } from './command.ts';
import { findCommand, shellCommands } from './command-list.ts';
import { lineToRedo } from './commands/redo.ts';
import { nearestCommand } from './nearest-command.ts';
import { silent } from './progress.ts';
import {
  explain,
  NOT_CONNECTED,
  NOT_FOUND_EXIT_CODE,
  NotConnectedError,
  ShellError,
} from './shell-error.ts';
import type { ShellState, ShellStreams } from './shell-state.ts';
import { splitLine } from './split-line.ts';
import { usageText } from './usage.ts';

/** How the shell is used: a person gets short remarks, a script Apache's. */
export type Reader = 'person' | 'script';

/**
 * Runs one line and keeps it in the history. An empty one does nothing.
 *
 * Afterwards `shell.exitCode` is 0, 1 when the command failed, or 127 when it does not exist.
 */
export async function runLine(
  shell: ShellState,
  streams: ShellStreams,
  line: string,
  signal: AbortSignal,
  reader: Reader,
): Promise<void> {
  let words = splitLine(line);
  if (words.length === 0) return;
  let ran = line;
  if (words[0] === 'redo' && words.length > 1) {
    try {
      ran = lineToRedo(shell.history, words[1]!);
      words = splitLine(ran);
    } catch (error) {
      shell.exitCode = complain(error, shell, streams);
      return;
    } finally {
      shell.history.push(ran);
    }
  } else {
    shell.history.push(line);
  }
  await runWords(shell, streams, words, signal, reader);
}

/** Runs a command that has been split into words. */
export async function runWords(
  shell: ShellState,
  streams: ShellStreams,
  words: readonly string[],
  signal: AbortSignal,
  reader: Reader,
): Promise<void> {
  const [name = '', ...rest] = words;
  const command = findCommand(name);
  if (command === undefined) {
    complainAboutName(shell, streams, name, reader);
    shell.exitCode = NOT_FOUND_EXIT_CODE;
    return;
  }
  try {
    await runCommand(shell, streams, command, rest, signal);
    if (!shell.isOver) shell.exitCode = ExitCode.finished;
  } catch (error) {
    shell.exitCode = complain(error, shell, streams);
  }
}

async function runCommand(
  shell: ShellState,
  streams: ShellStreams,
  command: ShellCommand,
  words: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { zk } = shell;
  if (zk === undefined && command.needsNoSession === undefined) {
    // In Apache's words, which go to the standard output.
    if (!shell.usesJson) streams.out(`${NOT_CONNECTED}\n`);
    throw new NotConnectedError(shell.stateName);
  }
  const args = parseArguments(words, command.options ?? {});
  if (args.operands.length < (command.operandsMin ?? 0))
    throw new ShellError(usageText(command), { code: 'USAGE' });
  await command.run(
    {
      // Those that get undefined have said that they need none.
      zk: zk!,
      shell,
      signal,
      commands: shellCommands,
      screen: shell.usesJson ? undefined : streams.screen,
      keyboard: streams.keyboard,
      progress: shell.usesJson ? silent : (streams.progress ?? silent),
      print: (text) => {
        if (!shell.usesJson) streams.out(`${text}\n`);
      },
      note: (text) => say(shell, streams, { message: text }, { note: text }),
      json: (value) => {
        if (shell.usesJson) streams.out(`${JSON.stringify(value)}\n`);
      },
    },
    args,
  );
}

/** A remark or an error on the standard error: words, or one line of JSON. */
function say(
  { usesJson }: ShellState,
  { error }: ShellStreams,
  { message }: { readonly message: string },
  json: object,
): void {
  error(`${usesJson ? JSON.stringify(json) : message}\n`);
}

function complainAboutName(
  shell: ShellState,
  streams: ShellStreams,
  name: string,
  reader: Reader,
): void {
  const meant = nearestCommand(name);
  if (shell.usesJson) {
    say(shell, streams, { message: '' }, { error: 'NO_COMMAND', command: name, meant });
    return;
  }
  if (reader === 'script') {
    streams.error('ZooKeeper -server host:port -client-configuration properties-file cmd args\n');
    for (const { name: known, usage } of shellCommands) streams.error(`\t${known} ${usage}\n`);
  }
  streams.error(`Command not found: ${name}\n`);
  if (meant !== undefined) streams.error(`Did you mean ${meant}?\n`);
  else if (reader === 'person') streams.error('"help" lists the commands.\n');
}

/** Prints an error and gives its exit code; throws what is a bug. */
function complain(error: unknown, shell: ShellState, streams: ShellStreams): number {
  const explained = explain(error);
  if (explained === undefined) throw error;
  const { message, exitCode, code, path } = explained;
  // "Not connected" stands on the standard output.
  if (shell.usesJson || message !== NOT_CONNECTED)
    say(shell, streams, { message }, { error: code, message, path });
  return exitCode;
}
