import type { RunningServer, ServerConfig } from '@zooid/server';
import type { LiveTerminal, TerminalSize } from './terminal/live-screen.ts';

/** What a command needs from the process it runs in. Tests give their own. */
export interface ProcessParts {
  /** Where the answer goes. */
  readonly writeOut: (text: string) => void;
  /** Where complaints go. */
  readonly writeError: (text: string) => void;
  /** The terminal that shows the standard output; undefined if that is a pipe or a file. */
  readonly outTerminal: () => TerminalSize | undefined;
  /** The same of the standard error. */
  readonly errorTerminal: () => TerminalSize | undefined;
  /** The terminal with its keys, for a view that changes; undefined if input or output is something else. */
  readonly liveTerminal: () => LiveTerminal | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What runs this same command once more: a program and its first arguments. */
  readonly selfCommand: readonly string[];
  /** Another than `startServer` of @zooid/server: for tests. */
  readonly startServer?: (config: ServerConfig) => Promise<RunningServer>;
  /**
   * Calls `onSignal` for each SIGINT and SIGTERM until the returned function is called.
   */
  readonly listenForSignals: (onSignal: (name: string) => void) => () => void;
  /** Ends the process at once: for the second signal, when the first did not help. */
  readonly exitNow: (code: number) => void;
  /** Called once the server takes clients. */
  readonly onServing?: ((server: RunningServer) => void) | undefined;
}
