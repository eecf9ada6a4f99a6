import { type ConnectOptions, connect, type SessionState, type ZooKeeper } from '@zooid/client';
import { ExitCode } from '../exit.ts';
import type { Keyboard, Screen } from '../terminal/screen.ts';
import type { StartProgress } from './progress.ts';
import { eventLines, eventText, type PrintedEvent, WatchPrinter } from './watch-printer.ts';

/** Where a shell prints. */
export interface ShellStreams {
  /** Text of the answer. */
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  /** The terminal that shows the answer; undefined: a pipe. */
  readonly screen?: Screen | undefined;
  readonly keyboard?: Keyboard | undefined;
  readonly progress?: StartProgress | undefined;
}

/** Source: ZooKeeper.States; Apache's client has no word of its own for an expired session. */
const stateNames: Readonly<Record<SessionState, string>> = {
  connecting: 'CONNECTING',
  connected: 'CONNECTED',
  'read-only': 'CONNECTEDREADONLY',
  suspended: 'CONNECTING',
  expired: 'EXPIRED',
  'auth-failed': 'AUTH_FAILED',
  closed: 'CLOSED',
};

/** What outlives a command: the session, its watches, the lines so far. */
export class ShellState {
  /** Whether events of watches are printed. */
  printsWatches: boolean;
  /** Every line that was run, from the first. */
  readonly history: string[] = [];
  /** The words `host:port,...` of the last connection. */
  hosts: string;
  /** True once the user wants to go. */
  isOver = false;
  /** Exit code of the last command: that of the shell, which `quit` leaves as it is. */
  exitCode: number = ExitCode.finished;
  /** True: answers are JSON. */
  readonly usesJson: boolean;
  readonly #options: ConnectOptions;
  readonly #streams: ShellStreams;
  #zk: ZooKeeper | undefined;
  #watches: WatchPrinter | undefined;

  /** @param options - of every session that this shell begins. */
  constructor(
    hosts: string,
    options: ConnectOptions,
    streams: ShellStreams,
    modes: { readonly usesJson: boolean; readonly printsWatches: boolean },
  ) {
    this.hosts = hosts;
    this.#options = options;
    this.#streams = streams;
    this.usesJson = modes.usesJson;
    this.printsWatches = modes.printsWatches;
  }

  /** The session, if it has not ended. */
  get zk(): ZooKeeper | undefined {
    const state = this.#zk?.state;
    const hasEnded = state === 'closed' || state === 'expired' || state === 'auth-failed';
    return hasEnded ? undefined : this.#zk;
  }

  /** The state in Apache's word, for the prompt. */
  get stateName(): string {
    const state = this.#zk?.state;
    return state === undefined ? 'CLOSED' : stateNames[state];
  }

  /** Prints the events of the session. */
  get watches(): WatchPrinter {
    if (this.#watches === undefined) throw new Error('there is no session yet');
    return this.#watches;
  }

  /** Ends the session, if there is one, and begins another. @throws as `connect` of the client. */
  async connect(hosts: string, signal?: AbortSignal): Promise<void> {
    await this.#zk?.close();
    this.hosts = hosts;
    const zk = await connect(hosts, { ...this.#options, signal });
    this.#zk = zk;
    this.#watches = new WatchPrinter(zk, (event) => {
      if (this.printsWatches) this.#print(event);
    });
  }

  #print(event: PrintedEvent): void {
    const { out, screen } = this.#streams;
    if (this.usesJson) out(`${JSON.stringify(event)}\n`);
    else if (screen === undefined) out(eventText(event));
    else screen.show(eventLines(event));
  }

  /** Ends the session. */
  async close(): Promise<void> {
    await this.#zk?.close();
  }
}
