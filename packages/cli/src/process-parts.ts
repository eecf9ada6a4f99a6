import type { RunningServer, ServerConfig } from '@zooid/server';

/** What a command needs from the process it runs in. Tests give their own. */
export interface ProcessParts {
  /** Where the answer goes. Text ends with a newline. */
  readonly writeOut: (text: string) => void;
  /** Where complaints go. Text ends with a newline. */
  readonly writeError: (text: string) => void;
  readonly startServer: (config: ServerConfig) => Promise<RunningServer>;
  /**
   * Calls `onSignal` for each SIGINT and SIGTERM until the returned function is called.
   */
  readonly listenForSignals: (onSignal: (name: string) => void) => () => void;
  /** Ends the process at once: for the second signal, when the first did not help. */
  readonly exitNow: (code: number) => void;
  /** Called once the server takes clients. */
  readonly onServing?: ((server: RunningServer) => void) | undefined;
}
