/**
 * A lasting watch made of one-shot ones, for servers before 3.6.
 *
 * Each znode has a one-shot watch on its existence and data and one on its children. When one fires the znode is read again,
 * which sets the watch anew, and what is told is the difference between the two readings: so nothing that
 * happened in between is lost, though several changes may be told as one. `children-changed` is only told of the watched
 * znode itself, as by a lasting watch.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { joinPath, OpCode } from '@zooid/protocol';
import { ZooKeeperError } from './errors.ts';
import { readChildren, readStat } from './replies.ts';
import type { CallSpec } from './session/call.ts';
import type { Session } from './session/session.ts';
import type { LastingWatch, OneShotWatch } from './session/watch-registry.ts';
import type { Stat } from './stat.ts';
import { removeOneShot } from './watch-removal.ts';

/** Pause before a read is tried again that a server or this client had no room for, in ms. */
const RETRY_PAUSE_MS = 100;
/** Znodes whose watches are taken off at a time. */
const REMOVALS_AT_A_TIME = 256;

/** A znode that is watched. */
interface WatchedNode {
  /** As last read; undefined while it does not exist. */
  stat: Stat | undefined;
  readonly existence: OneShotWatch;
  readonly children: OneShotWatch;
  /** Whether it is being read, and whether it must be read again after that. */
  reading: 'no' | 'yes' | 'again';
}

export class WatchEmulation {
  readonly #session: Session;
  readonly #watch: LastingWatch;
  readonly #nodes = new Map<string, WatchedNode>();
  readonly #stopping = new AbortController();

  constructor(session: Session, watch: LastingWatch) {
    this.#session = session;
    this.#watch = watch;
  }

  /** Resolves when everything that exists now is watched. */
  start(): Promise<void> {
    return this.#add(this.#watch.path, 'quietly');
  }

  /** Takes all its watches off. Never rejects. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const nodes = [...this.#nodes.values()];
    this.#nodes.clear();
    for (let at = 0; at < nodes.length; at += REMOVALS_AT_A_TIME) {
      const portion = nodes.slice(at, at + REMOVALS_AT_A_TIME);
      await Promise.all(portion.map((node) => this.#forget(node)));
    }
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #add(path: string, manner: 'quietly' | 'telling'): Promise<void> {
    if (this.#isStopped || this.#nodes.has(path)) return;
    const node: WatchedNode = {
      stat: undefined,
      existence: this.#oneShot('exist', path),
      children: this.#oneShot('children', path),
      reading: 'no',
    };
    this.#nodes.set(path, node);
    await this.#read(path, node, manner);
  }

  #oneShot(kind: OneShotWatch['kind'], path: string): OneShotWatch {
    return {
      kind,
      path,
      onEvent: () => {
        const node = this.#nodes.get(path);
        if (node !== undefined) void this.#read(path, node, 'telling');
      },
      onEnd: (error) => this.#end(error),
    };
  }

  async #read(path: string, node: WatchedNode, manner: 'quietly' | 'telling'): Promise<void> {
    if (node.reading !== 'no') {
      node.reading = 'again';
      return;
    }
    do {
      node.reading = 'yes';
      try {
        await this.#readOnce(path, node, manner);
      } catch (error) {
        if (!ZooKeeperError.is(error) || error.kind !== 'recoverable') {
          this.#end(error as Error);
          return;
        }
        node.reading = 'again';
        const { signal } = this.#stopping;
        await sleep(RETRY_PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    } while ((node.reading as string) === 'again' && !this.#isStopped);
    node.reading = 'no';
  }

  async #readOnce(path: string, node: WatchedNode, manner: 'quietly' | 'telling'): Promise<void> {
    const [stat, names] = await Promise.all([
      this.#session.call(existsSpec(path, node.existence)),
      this.#session.call(childrenSpec(path, node.children)),
    ]);
    if (this.#isStopped) {
      // The answers have left watches behind us.
      await this.#forget(node);
      return;
    }
    const before = node.stat;
    node.stat = stat;
    if (manner === 'telling') this.#tell(path, before, stat);
    if (stat === undefined && path !== this.#watch.path) {
      this.#nodes.delete(path);
      void this.#forget(node);
    }
    if (this.#watch.mode === 'recursive') {
      await Promise.all(names.map((name) => this.#add(joinPath(path, name), manner)));
    }
  }

  #tell(path: string, before: Stat | undefined, now: Stat | undefined): void {
    const watch = this.#watch;
    if (before !== undefined && before.czxid !== now?.czxid) watch.onEvent('deleted', path);
    if (now === undefined) return;
    if (before?.czxid !== now.czxid) {
      watch.onEvent('created', path);
    } else {
      if (before.mzxid !== now.mzxid) watch.onEvent('data-changed', path);
      if (before.pzxid !== now.pzxid && watch.mode === 'persistent') {
        watch.onEvent('children-changed', path);
      }
    }
  }

  async #forget({ existence, children }: WatchedNode): Promise<void> {
    await Promise.all([
      removeOneShot(this.#session, existence),
      removeOneShot(this.#session, children),
    ]);
  }

  #end(error: Error): void {
    if (this.#isStopped) return;
    void this.stop();
    this.#watch.onEnd(error);
  }
}

function existsSpec(path: string, watch: OneShotWatch): CallSpec<Stat | undefined> {
  return {
    operation: 'watch',
    path,
    request: { op: OpCode.exists, path, watch: true },
    decode: readStat,
    whenAbsent: () => undefined,
    effect: 'none',
    watch,
  };
}

function childrenSpec(path: string, watch: OneShotWatch): CallSpec<readonly string[]> {
  return {
    operation: 'watch',
    path,
    request: { op: OpCode.getChildren2, path, watch: true },
    decode: (reader) => readChildren(reader).names,
    whenAbsent: () => [],
    effect: 'none',
    watch,
  };
}
