import type { RunningServer } from '@zooid/server';
import { ExitCode } from './exit.ts';
import { tryPlainServer } from './plain-server.ts';
import type { ProcessParts } from './process-parts.ts';
import type { LiveTerminal, TerminalSize } from './terminal/live-screen.ts';

/** A process that still lives this long after its command ended is ended by force. */
const LINGER_MS = 2000;

/** What the program around a command may want to know. */
export interface RunOptions {
  /** Called once a server takes clients. */
  readonly onServing?: ((server: RunningServer) => void) | undefined;
}

/**
 * Runs one command line in this process, with its signals and its output, and sets the exit code.
 * `args` is without the names of the program and the script.
 */
export async function runProcess(args: readonly string[], options: RunOptions = {}): Promise<void> {
  const parts: ProcessParts = {
    writeOut,
    writeError: (text) => process.stderr.write(text),
    outTerminal: () => sizeOf(process.stdout),
    errorTerminal: () => sizeOf(process.stderr),
    liveTerminal: () =>
      process.stdin.isTTY && process.stdout.isTTY ? new ProcessTerminal() : undefined,
    environment: process.env,
    selfCommand: [process.execPath, ...process.execArgv, process.argv[1] ?? 'zooid'],
    listenForSignals,
    exitNow: (code) => process.exit(code),
    onServing: (server) => {
      options.onServing?.(server);
      // The name stands in readiness.ts, which only a server that somebody waits for has to load.
      if ('ZOOID_READY_FD' in process.env) {
        void import('./life/readiness.ts').then(({ tellReady }) => {
          tellReady(process.env, server.clientPort);
        });
      }
    },
  };
  const exitCode = await run(args, parts);
  process.exitCode = exitCode;
  setTimeout(() => process.exit(exitCode), LINGER_MS).unref();
}

/** Loads what these arguments need and runs it. */
async function run(args: readonly string[], parts: ProcessParts): Promise<number> {
  const plain = tryPlainServer(args);
  if (plain !== undefined) {
    const { runServer } = await import('./commands/server.ts');
    return runServer(plain.config, plain.properties, parts);
  }
  const { runCommandLine } = await import('./program.ts');
  return runCommandLine(args, parts);
}

let hasWritten = false;

/** A server writes its log past this, so that it does not load what makes the stream. */
function writeOut(text: string): void {
  if (!hasWritten) {
    hasWritten = true;
    // `zooid ... | head`: nobody reads any more, so there is nothing left to do.
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit(ExitCode.finished);
    });
  }
  process.stdout.write(text);
}

function sizeOf(stream: NodeJS.WriteStream): TerminalSize | undefined {
  return stream.isTTY ? { columns: stream.columns, rows: stream.rows } : undefined;
}

class ProcessTerminal implements LiveTerminal {
  write(text: string): void {
    process.stdout.write(text);
  }

  size(): TerminalSize {
    return { columns: process.stdout.columns, rows: process.stdout.rows };
  }

  listen(onKey: (text: string) => void, onResize: () => void): () => void {
    const { stdin, stdout } = process;
    stdin.setEncoding('utf8').setRawMode(true).on('data', onKey).resume();
    stdout.on('resize', onResize);
    return () => {
      stdin.off('data', onKey).setRawMode(false).pause();
      stdout.off('resize', onResize);
    };
  }
}

function listenForSignals(onSignal: (name: string) => void): () => void {
  const names = ['SIGINT', 'SIGTERM'] as const;
  for (const name of names) process.on(name, onSignal);
  return () => {
    for (const name of names) process.off(name, onSignal);
  };
}
