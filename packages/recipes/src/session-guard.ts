/**
 * What tells a holder that what it holds may be somebody else's by now.
 */

import {
  ConnectionLossError,
  type NodeData,
  NoNodeError,
  type WatchEvent,
  type ZooKeeper,
} from '@zooid/client';
import { isLostAnswer } from './protected-create.ts';
import { sessionHubOf } from './session-hub.ts';

/**
 * When a holder must stop, as Curator's ConnectionStateErrorPolicy has it.
 *
 * - `session`: when the session has ended. Until then no server gives away what it holds.
 * - `standard`: already when the connection is lost: for those who must not act on what they cannot check.
 */
export type ErrorPolicy = 'standard' | 'session';

export interface SessionGuardOptions {
  /** Default `session`. */
  readonly errorPolicy?: ErrorPolicy | undefined;
}

/**
 * Watches over what a session holds: `lost` fires no later than the servers could give it away, by this process's clock (but see
 * `ZooKeeper.lost` for those of Apache's), and as soon as this process can know that somebody else has deleted the znode that stands for it.
 *
 * To be closed when it is not held any more.
 */
export class SessionGuard implements Disposable {
  readonly #zk: ZooKeeper;
  readonly #lost = new AbortController();
  readonly #stops: (() => void)[] = [];
  #isClosed = false;

  constructor(zk: ZooKeeper, { errorPolicy = 'session' }: SessionGuardOptions = {}) {
    this.#zk = zk;
    if (zk.lost.aborted) this.#lose(zk.lost.reason);
    else this.#stops.push(sessionHubOf(zk).onLost((reason) => this.#lose(reason)));
    this.useErrorPolicy(errorPolicy);
  }

  /** From now on, too: for those who wait by one policy for what they hold by a stricter one. */
  useErrorPolicy(errorPolicy: ErrorPolicy): void {
    if (errorPolicy === 'session' || this.#isClosed) return;
    const hub = sessionHubOf(this.#zk);
    if (hub.isConnected) this.#stops.push(hub.onSuspended(() => this.#suspend()));
    else this.#suspend();
  }

  /** Fires once, when it is lost; its reason is the error. Never after {@link close}. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * From now on `lost` fires, too, when this znode is deleted.
   *
   * A guard that is closed leaves the watch to the znode's end: close it when the znode is about to be deleted.
   *
   * @param onData - is told of the znode's data, now and when it has changed.
   * @returns whether the server keeps watch: false when the znode is gone already, or the session is. Never rejects.
   */
  async watchZnode(path: string, onData?: (node: NodeData) => void): Promise<boolean> {
    for (;;) {
      try {
        return await this.#watch(path, onData);
      } catch (error) {
        if (error instanceof NoNodeError) this.#lose(deletedByOthers(path));
        if (!isLostAnswer(error)) return false;
      }
    }
  }

  /**
   * {@link watchZnode} when this turn of the event loop is over, unless it is closed by then: what is held for less than that is not
   * worth a request.
   */
  watchZnodeSoon(path: string): void {
    setImmediate(() => {
      if (!this.#isClosed) void this.watchZnode(path);
    });
  }

  async #watch(path: string, onData: ((node: NodeData) => void) | undefined): Promise<boolean> {
    let changed: Promise<WatchEvent>;
    if (onData === undefined) {
      const seen = await this.#zk.exists(path, { watch: true });
      if (seen.stat === undefined) {
        // It is now a watch for the znode's creation, which nobody needs.
        void seen.unwatch();
        this.#lose(deletedByOthers(path));
        return false;
      }
      changed = seen.changed;
    } else {
      const node = await this.#zk.get(path, { watch: true });
      if (!this.#isClosed) onData(node);
      changed = node.changed;
    }
    changed.then(
      ({ type }) => {
        if (this.#isClosed) return;
        if (type === 'deleted') this.#lose(deletedByOthers(path));
        else void this.watchZnode(path, onData);
      },
      // The session has ended.
      () => undefined,
    );
    return !this.#isClosed;
  }

  /** It is given back: nothing is lost any more. Again is harmless. */
  close(): void {
    this.#isClosed = true;
    for (const stop of this.#stops.splice(0)) stop();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #suspend(): void {
    this.#lose(new ConnectionLossError({ operation: 'hold' }));
  }

  #lose(reason: unknown): void {
    if (this.#isClosed) return;
    this.close();
    this.#lost.abort(reason);
  }
}

function deletedByOthers(path: string): NoNodeError {
  const sentence = 'the znode was deleted, and not by its holder';
  return new NoNodeError({ operation: 'hold', path, sentence });
}
