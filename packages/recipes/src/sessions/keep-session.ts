import { ClosedError, type ZooKeeper } from '@zooid/client';
import type { SessionProvider } from './session-source.ts';

/** A {@link SessionProvider} that has a session when one is needed. */
export interface KeptSession extends SessionProvider, AsyncDisposable {
  /** The client whose session is alive; a new one when it has ended. All callers get the same. */
  (): Promise<ZooKeeper>;
  /** Ends the session, and gives no more: calls reject with `ClosedError`. Never rejects; again is harmless. */
  close(): Promise<void>;
}

/**
 * Keeps one session for all recipes of a process, and begins another when it has ended.
 *
 *     await using sessions = keepSession((signal) => connect('zk1:2181,zk2:2181', { signal }));
 *     const member = new GroupMember(sessions, '/members', { id: 'host-7' });
 *
 * @param open - begins a session; the signal ends the attempt.
 */
export function keepSession(open: (signal: AbortSignal) => Promise<ZooKeeper>): KeptSession {
  const keeper = new SessionKeeper(open);
  const close = () => keeper.close();
  return Object.assign(() => keeper.current(), { close, [Symbol.asyncDispose]: close });
}

class SessionKeeper {
  readonly #open: (signal: AbortSignal) => Promise<ZooKeeper>;
  readonly #closing = new AbortController();
  /** The newest session, or the attempt to begin it; undefined after an attempt that failed. */
  #session: Promise<ZooKeeper> | undefined;

  constructor(open: (signal: AbortSignal) => Promise<ZooKeeper>) {
    this.#open = open;
  }

  async current(): Promise<ZooKeeper> {
    this.#closing.signal.throwIfAborted();
    this.#session ??= this.#begin();
    const session = this.#session;
    const zk = await session;
    if (!zk.lost.aborted) return zk;
    // The first to see that it has ended makes way for the next.
    if (this.#session === session) this.#session = undefined;
    return this.current();
  }

  async close(): Promise<void> {
    this.#closing.abort(new ClosedError({ operation: 'keepSession' }));
    const zk = await this.#session?.catch(() => undefined);
    await zk?.close();
  }

  #begin(): Promise<ZooKeeper> {
    const session = this.#open(this.#closing.signal);
    session.catch(() => {
      if (this.#session === session) this.#session = undefined;
    });
    return session;
  }
}
