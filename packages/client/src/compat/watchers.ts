import type { Chroot } from '../chroot.ts';
import type { OneShotWatch, WatchEventType, WatchRegistry } from '../session/watch-registry.ts';
import { deliver } from './deliver.ts';
import { Event } from './event.ts';

/** Hears of one change of a znode. */
export type Watcher = (event: Event) => void;

const typeByName: Readonly<Record<WatchEventType, number>> = {
  created: Event.NODE_CREATED,
  deleted: Event.NODE_DELETED,
  'data-changed': Event.NODE_DATA_CHANGED,
  'children-changed': Event.NODE_CHILDREN_CHANGED,
};

/** The functions that wait for an event: each once for a path and a kind of watch, however often it was given. */
export class Watchers {
  readonly #registry: WatchRegistry;
  readonly #chroot: Chroot;
  /** By kind and path of the server, those that the registry holds. No entry is empty. */
  readonly #held = new Map<string, Map<Watcher, OneShotWatch>>();

  constructor(registry: WatchRegistry, chroot: Chroot) {
    this.#registry = registry;
    this.#chroot = chroot;
  }

  /** The server has left a watch at `path`, which is its own. */
  add(kind: OneShotWatch['kind'], path: string, watcher: Watcher): void {
    const key = `${kind} ${path}`;
    const held = this.#held.get(key) ?? new Map<Watcher, OneShotWatch>();
    if (held.has(watcher)) return;
    const forget = () => {
      held.delete(watcher);
      if (held.size === 0) this.#held.delete(key);
    };
    const watch: OneShotWatch = {
      kind,
      path,
      onEvent: (type, at) => {
        forget();
        deliver(watcher, Event.create({ type: typeByName[type], path: this.#chroot.toClient(at) }));
      },
      onEnd: forget,
    };
    held.set(watcher, watch);
    this.#held.set(key, held);
    this.#registry.addOneShot(watch);
  }
}
