/**
 * The names of a znode's children, kept like the servers'.
 *
 * They are listed once, and again after a gap; in between, one lasting recursive watch tells which came and which went, so that a queue of
 * a hundred thousand items is not listed anew for each of them.
 */

import { NoNodeError, type ZooKeeper } from '@zooid/client';
import { JoinedSignal } from '../joined-signal.ts';
import { orAborted } from '../or-aborted.ts';

export interface LiveNamesHandlers {
  /** A child is there; also when that was known already. */
  readonly onAdded: (name: string) => void;
  /** A child has gone. */
  readonly onRemoved: (name: string) => void;
  /** All that were there have been told. */
  readonly onListed: () => void;
}

export class LiveNames {
  readonly #zk: ZooKeeper;
  readonly #path: string;
  readonly #handlers: LiveNamesHandlers;
  readonly #names = new Set<string>();
  /**
   * Names that had an event since the listing under way was asked for; undefined when none is. Answers and events reach us by different
   * promises: of these the event knows better, or at least as well.
   */
  #touched: Set<string> | undefined;
  #isListingAgain = false;

  constructor(zk: ZooKeeper, path: string, handlers: LiveNamesHandlers) {
    this.#zk = zk;
    this.#path = path;
    this.#handlers = handlers;
  }

  /** Rejects with the signal's reason, the error of the session, or of a read. */
  async follow(scope: AbortSignal): Promise<never> {
    using ending = new JoinedSignal(scope);
    const { signal } = ending;
    const prefix = this.#path === '/' ? '/' : `${this.#path}/`;
    await using events = this.#zk.watch(this.#path, { recursive: true, signal });
    await orAborted(events.ready, signal);
    const list = () => {
      this.#list(signal).catch((error) => ending.abort(error));
    };
    list();
    for await (const { type, path } of events) {
      if (type === 'gap') {
        list();
      } else if (path.startsWith(prefix) && !path.includes('/', prefix.length)) {
        const name = path.slice(prefix.length);
        if (type === 'created') this.#add(name);
        else if (type === 'deleted') this.#remove(name);
      }
    }
    signal.throwIfAborted();
    throw new Error(`the watch of ${this.#path} has ended`);
  }

  async #list(signal: AbortSignal): Promise<void> {
    if (this.#touched !== undefined) {
      this.#isListingAgain = true;
      return;
    }
    do {
      this.#isListingAgain = false;
      this.#touched = new Set();
      const names = new Set(await this.#read(signal));
      const touched = this.#touched;
      this.#touched = undefined;
      for (const name of [...this.#names]) {
        if (!names.has(name) && !touched.has(name)) this.#remove(name);
      }
      for (const name of names) if (!touched.has(name)) this.#add(name);
    } while (this.#isListingAgain);
    this.#handlers.onListed();
  }

  async #read(signal: AbortSignal): Promise<readonly string[]> {
    try {
      return (await this.#zk.children(this.#path, { signal })).names;
    } catch (error) {
      if (error instanceof NoNodeError) return [];
      throw error;
    }
  }

  #add(name: string): void {
    this.#touched?.add(name);
    this.#names.add(name);
    this.#handlers.onAdded(name);
  }

  #remove(name: string): void {
    this.#touched?.add(name);
    this.#names.delete(name);
    this.#handlers.onRemoved(name);
  }
}
