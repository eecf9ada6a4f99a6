import { ClosedError, type ZooKeeper } from '@zooid/client';
import { onSessions, type SessionSource } from './session-source.ts';

/** Work of a recipe that goes on from session to session, in the background, until it is closed. */
export class SessionLoop {
  readonly #source: SessionSource;
  readonly #work: (zk: ZooKeeper, scope: AbortSignal) => Promise<void>;
  readonly #closing = new AbortController();
  readonly #failed = new AbortController();
  #running: Promise<void> | undefined;

  /**
   * @param work - is done once for each session, or again after a failure that another try may mend. Its signal fires when the session
   *   has ended, or the loop is closed.
   */
  constructor(source: SessionSource, work: (zk: ZooKeeper, scope: AbortSignal) => Promise<void>) {
    this.#source = source;
    this.#work = work;
  }

  /** Fires when the work cannot go on: an error that no other try mends, or the end of the only session. Its reason is the error. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** Fires when it is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Begins; again is harmless. @throws ClosedError when it was closed. */
  start(): void {
    this.#closing.signal.throwIfAborted();
    this.#running ??= this.#run();
  }

  /** Ends the work, and waits for its end. Never rejects; again is harmless. */
  async close(): Promise<void> {
    this.#closing.abort(new ClosedError({ operation: 'close' }));
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      await onSessions(this.#source, this.#closing.signal, this.#work);
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#failed.abort(error);
    }
  }
}
