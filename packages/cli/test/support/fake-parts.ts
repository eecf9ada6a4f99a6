import type { RunningServer, ServerConfig } from '@zooid/server';
import type { ProcessParts } from '../../src/process-parts.ts';
import type { LiveTerminal, TerminalSize } from '../../src/terminal/live-screen.ts';

/** A process and a server that exist only in memory. */
export class FakeParts implements ProcessParts {
  out = '';
  errors = '';
  readonly started: ServerConfig[] = [];
  readonly exitedNow: number[] = [];
  closeCount = 0;
  /** What both outputs are shown on; undefined: pipes. */
  terminal: TerminalSize | undefined;
  environment: Record<string, string | undefined> = {};
  selfCommand: readonly string[] = ['node', 'zooid.mjs'];
  /** What starting answers instead of a server. */
  startError: unknown;
  /** Called while the server starts. */
  onStarting: (() => void) | undefined;
  /** Called when the server takes clients. */
  onServing: (() => void) | undefined;
  /** False: close() never ends. */
  canClose = true;
  #onSignal: ((name: string) => void) | undefined;
  #finish: (error?: Error) => void = () => {};

  readonly writeOut = (text: string): void => {
    this.out += text;
  };

  readonly writeError = (text: string): void => {
    this.errors += text;
  };

  readonly outTerminal = (): TerminalSize | undefined => this.terminal;

  readonly errorTerminal = (): TerminalSize | undefined => this.terminal;

  readonly liveTerminal = (): LiveTerminal | undefined => undefined;

  readonly startServer = (config: ServerConfig): Promise<RunningServer> => {
    this.onStarting?.();
    if (this.startError !== undefined) return Promise.reject(this.startError);
    this.started.push(config);
    const closed = new Promise<void>((resolve, reject) => {
      this.#finish = (error) => (error === undefined ? resolve() : reject(error));
    });
    closed.catch(() => {});
    return Promise.resolve({
      clientPort: 2181,
      adminPort: undefined,
      member: undefined,
      closed,
      sessions: () => [],
      expireSession: () => false,
      close: () => {
        this.closeCount++;
        if (!this.canClose) return new Promise<void>(() => {});
        this.#finish();
        return Promise.resolve();
      },
    });
  };

  readonly listenForSignals = (onSignal: (name: string) => void): (() => void) => {
    this.#onSignal = onSignal;
    return () => {
      this.#onSignal = undefined;
    };
  };

  readonly exitNow = (code: number): void => {
    this.exitedNow.push(code);
  };

  /** Whether somebody still listens for signals. */
  get isListening(): boolean {
    return this.#onSignal !== undefined;
  }

  signal(name: string): void {
    this.#onSignal?.(name);
  }

  /** The server ends by itself. */
  fail(error: Error): void {
    this.#finish(error);
  }
}
