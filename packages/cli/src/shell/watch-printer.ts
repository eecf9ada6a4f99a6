// What the shell prints of watches. Apache's shell has one watcher for everything it watches, and a client tells a watcher of an event once,
// however many of its watches the event fires. Here each watch is a promise or a stream, so doublets are dropped.
//
// Source: ZooKeeperMain.MyWatcher, WatchedEvent.toString, ZKWatchManager.materialize.

import type { SessionState, WatchEvent, WatchSelection, ZooKeeper } from '@zooid/client';
import { type Line, span } from '../terminal/text-table.ts';

/** How an event that has no zxid, or whose zxid the client does not tell, is printed. */
const NO_ZXID = -1;

const typeNames: Readonly<Record<Exclude<WatchEvent['type'], 'gap'>, string>> = {
  created: 'NodeCreated',
  deleted: 'NodeDeleted',
  'data-changed': 'NodeDataChanged',
  'children-changed': 'NodeChildrenChanged',
};

const stateNames: Readonly<Record<SessionState, string | undefined>> = {
  connecting: undefined,
  connected: 'SyncConnected',
  'read-only': 'ConnectedReadOnly',
  suspended: 'Disconnected',
  expired: 'Expired',
  'auth-failed': 'AuthFailed',
  closed: 'Closed',
};

/** A kind of watch, as the shell keeps them apart. */
type Kind = 'data' | 'children' | 'persistent' | 'recursive';

interface Held {
  readonly kind: Kind;
  readonly path: string;
  readonly stop: () => Promise<void>;
}

/** An event as it is printed, in Apache's words. */
export interface PrintedEvent {
  /** What happened: `NodeDataChanged`, ..., or `None` when the state of the session is all that has changed. */
  readonly event: string;
  /** State of the session: `SyncConnected`, `Disconnected`, `Expired`, ... */
  readonly state: string;
  /** Null when it is about no znode. */
  readonly path: string | null;
}

/** The lines that Apache's shell prints. Source: WatchedEvent.toString. */
export function eventText({ event, state, path }: PrintedEvent): string {
  return `\nWATCHER::\n\nWatchedEvent state:${state} type:${event} path:${path} zxid: ${NO_ZXID}\n`;
}

/** The same for a person. */
export function eventLines(event: PrintedEvent): readonly Line[] {
  const lines = eventText(event).split('\n').slice(0, -1);
  const style = event.event === 'None' ? 'dim' : 'warning';
  return lines.map((line) => [span(line, style)]);
}

/** Prints the events of one session. */
export class WatchPrinter {
  readonly #zk: ZooKeeper;
  readonly #print: (event: PrintedEvent) => void;
  readonly #held = new Map<string, Held>();
  /** Events printed in this turn of the event loop. */
  readonly #justPrinted = new Set<string>();

  /** @param print - prints a whole event, which may be kept silent. */
  constructor(zk: ZooKeeper, print: (event: PrintedEvent) => void) {
    this.#zk = zk;
    this.#print = print;
    void this.#followStates();
  }

  /** A watch that a read has left. */
  once(kind: 'data' | 'children', path: string, changed: Promise<WatchEvent>): void {
    const key = `${kind} ${path}`;
    // The first of two watches tells of the event that fires both.
    if (this.#held.has(key)) return;
    const held: Held = { kind, path, stop: async () => {} };
    this.#held.set(key, held);
    const forget = () => {
      if (this.#held.get(key) === held) this.#held.delete(key);
    };
    changed.then((event) => {
      forget();
      this.#event(event);
    }, forget);
  }

  /** Watches until it is removed; resolves when the server has the watch. */
  async add(path: string, kind: 'persistent' | 'recursive'): Promise<void> {
    const key = `${kind} ${path}`;
    if (this.#held.has(key)) return;
    const stream = this.#zk.watch(path, { recursive: kind === 'recursive' });
    await stream.ready;
    this.#held.set(key, { kind, path, stop: () => stream.close() });
    void (async () => {
      try {
        for await (const event of stream) this.#event(event);
      } catch {
        // Removed, or the session has ended: what there is to say of that is said elsewhere.
      } finally {
        this.#held.delete(key);
      }
    })();
  }

  /**
   * Removes watches of the session, on the server and here.
   *
   * @throws NoWatcherError when there were none.
   */
  async remove(path: string, which: WatchSelection, signal: AbortSignal): Promise<void> {
    const removed = [...this.#held].filter(
      ([, held]) => held.path === path && (which === 'any' || held.kind === which),
    );
    await this.#zk.removeWatches(path, which, { signal });
    const names = new Set<string>();
    for (const [key, { kind }] of removed) {
      this.#held.delete(key);
      names.add(removedName(kind));
    }
    for (const name of names) this.#say('SyncConnected', name, path);
  }

  /** Removes the one lasting watch of this kind. @returns false when there was none. */
  async removeLasting(path: string, kind: 'persistent' | 'recursive'): Promise<boolean> {
    const key = `${kind} ${path}`;
    const held = this.#held.get(key);
    if (held === undefined) return false;
    this.#held.delete(key);
    await held.stop();
    this.#say('SyncConnected', removedName(kind), path);
    return true;
  }

  async #followStates(): Promise<void> {
    this.#state(this.#zk.state);
    for await (const state of this.#zk.states()) this.#state(state);
  }

  #state(state: SessionState): void {
    const name = stateNames[state];
    if (name !== undefined) this.#say(name, 'None', null);
  }

  #event(event: WatchEvent): void {
    if (event.type === 'gap') return;
    const key = `${event.type} ${event.path}`;
    if (this.#justPrinted.has(key)) return;
    if (this.#justPrinted.size === 0) setImmediate(() => this.#justPrinted.clear());
    this.#justPrinted.add(key);
    this.#say('SyncConnected', typeNames[event.type], event.path);
  }

  #say(state: string, event: string, path: string | null): void {
    this.#print({ event, state, path });
  }
}

function removedName(kind: Kind): string {
  switch (kind) {
    case 'data':
      return 'DataWatchRemoved';
    case 'children':
      return 'ChildWatchRemoved';
    case 'persistent':
    case 'recursive':
      return 'PersistentWatchRemoved';
  }
}
