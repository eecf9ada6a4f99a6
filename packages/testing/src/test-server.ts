import type { SessionState } from '@zooid/server';
import type { Ending, NetworkFaults } from './network-faults.ts';

/** A session by its id, or by the client that has it: one of `@zooid/client`, or anything with that much of its shape. */
export type SessionOf = bigint | { readonly session: { readonly id: bigint } };

/** How a server goes down. */
export interface StopOptions {
  /**
   * `end` unless given: requests that were taken in are answered, then connections end in order. With `reset` they are reset first,
   * so that answers are lost, as when a machine dies. What was acknowledged is kept either way.
   */
  readonly ending?: Ending | undefined;
}

/** A real server in this process, for one test or for many. */
export interface TestServer extends NetworkFaults, AsyncDisposable {
  readonly host: string;
  /** The port that clients connect to; the same for all its life, also while the server is down. */
  readonly port: number;
  /** `host:port`, as clients take it. */
  readonly connectString: string;
  /** The port of the admin server; undefined when it is off, as it is unless configured, or the server is down. */
  readonly adminPort: number | undefined;
  /** Where the data is; undefined when it is in memory. */
  readonly dataDir: string | undefined;

  /** The sessions that the server knows now, oldest first; none while it is down. */
  sessions(): SessionState[];

  /**
   * Ends a session on the server at once, as if its timeout had passed. When this resolves it is gone with its ephemerals,
   * its watchers are being told, and its connection is being closed.
   *
   * @throws Error when the server knows no such session, or is down.
   */
  expireSession(session: SessionOf): Promise<void>;

  /** Takes the server down; nobody listens on its port then. No effect when it is down. */
  stop(options?: StopOptions): Promise<void>;

  /** Brings the server up again, with the same port and the same data. No effect when it is up. */
  start(): Promise<void>;

  /** {@link stop}, then {@link start}. */
  restart(options?: StopOptions): Promise<void>;

  /** Ends it for good and removes what it made. Resolves when nothing is left, also when it was called before. */
  close(): Promise<void>;
}
