import { type RunningServer, startServer } from '@zooid/server';
import { runCommandLine } from './command-line.ts';
import type { ProcessParts } from './process-parts.ts';
import { keepYoungGeneration } from './young-generation.ts';

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
    writeOut: (text) => process.stdout.write(text),
    writeError: (text) => process.stderr.write(text),
    startServer: async (config) => {
      const server = await startServer(config);
      keepYoungGeneration();
      return server;
    },
    listenForSignals,
    exitNow: (code) => process.exit(code),
    onServing: options.onServing,
  };
  const exitCode = await runCommandLine(args, parts);
  process.exitCode = exitCode;
  setTimeout(() => process.exit(exitCode), LINGER_MS).unref();
}

function listenForSignals(onSignal: (name: string) => void): () => void {
  const names = ['SIGINT', 'SIGTERM'] as const;
  for (const name of names) process.on(name, onSignal);
  return () => {
    for (const name of names) process.off(name, onSignal);
  };
}
