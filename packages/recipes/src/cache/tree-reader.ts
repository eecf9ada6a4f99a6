/**
 * Reads znodes into a cache's store, many at a time and each path once at a time.
 *
 *     scan(path): read it, then its children, and so on down     at the beginning, and after a gap
 *     look(path): read it                                        after an event
 *     drop(path): it is gone
 *
 * Answers and events reach us by different promises, so an answer may be handled after an event that the server sent later. Hence a
 * path that has an event while it is being read is read once more, and what is read across a deletion is thrown away.
 */

import { NoAuthError, NoNodeError, type ZooKeeper } from '@zooid/client';
import { type Deferred, deferred } from '@zooid/client/waiting';
import { joinPath } from '../paths.ts';
import { CacheDataError } from './cache-error.ts';
import type { CacheStore } from './cache-store.ts';
import { CachedNode } from './cached-node.ts';

/** Reads under way at a time: enough to fill the pipe, and no more than a server lets one client have. */
const READS_AT_A_TIME = 256;
const NO_DATA = new Uint8Array(0);

type Manner = 'scan' | 'look';

/** A path that is to be read, or is being read. */
interface Reading {
  readonly path: string;
  manner: Manner;
  /** What has happened since the request was sent. */
  since: 'nothing' | 'changed' | 'deleted';
  isSent: boolean;
}

export interface TreeReaderOptions {
  readonly content: 'data' | 'paths';
  readonly unreadable: 'fail' | 'leave-out';
  /** Makes of data what the cache holds. @throws what it likes when it cannot. */
  readonly unpack: ((data: Uint8Array) => Uint8Array) | undefined;
  /** Whether a znode belongs to the cache. */
  readonly isWanted: (path: string) => boolean;
  /** Whether its children may. */
  readonly hasWantedChildren: (path: string) => boolean;
}

export class TreeReader {
  readonly #zk: ZooKeeper;
  readonly #store: CacheStore;
  readonly #options: TreeReaderOptions;
  readonly #onError: (error: unknown) => void;
  /** By path. Those that are not sent are also in the line. */
  readonly #readings = new Map<string, Reading>();
  #line: Reading[] = [];
  #lineHead = 0;
  #sentCount = 0;
  /** Scans that have not come to their end. */
  #scanCount = 0;
  #scanned: Deferred<void> | undefined;
  #isStopped = false;

  /** @param onError - is called once; then it is stopped. */
  constructor(
    zk: ZooKeeper,
    store: CacheStore,
    options: TreeReaderOptions,
    onError: (error: unknown) => void,
  ) {
    this.#zk = zk;
    this.#store = store;
    this.#options = options;
    this.#onError = onError;
  }

  /** Reads the znode at `root` and those below, and those that the store has. Resolves when all are read, or never when stopped. */
  scan(root: string): Promise<void> {
    this.#scanned ??= deferred();
    const { promise } = this.#scanned;
    this.#request(root, 'scan');
    // Those that were deleted meanwhile are below nobody.
    for (const path of this.#store.paths()) this.#request(path, 'scan');
    return promise;
  }

  /** A znode was created, or its data changed. */
  look(path: string): void {
    this.#request(path, 'look');
  }

  /** A znode was deleted. */
  drop(path: string): void {
    const reading = this.#readings.get(path);
    if (reading?.isSent) reading.since = 'deleted';
    this.#store.delete(path);
  }

  stop(): void {
    this.#isStopped = true;
  }

  #request(path: string, manner: Manner): void {
    if (this.#isStopped || !this.#options.isWanted(path)) return;
    const present = this.#readings.get(path);
    if (present !== undefined) {
      if (present.isSent && present.since === 'nothing') present.since = 'changed';
      if (manner === 'scan' && present.manner === 'look') {
        present.manner = 'scan';
        this.#scanCount++;
      }
      return;
    }
    const reading: Reading = { path, manner, since: 'nothing', isSent: false };
    this.#readings.set(path, reading);
    if (manner === 'scan') this.#scanCount++;
    this.#line.push(reading);
    this.#sendMore();
  }

  #sendMore(): void {
    while (this.#sentCount < READS_AT_A_TIME && !this.#isStopped) {
      const reading = this.#line[this.#lineHead];
      if (reading === undefined) break;
      this.#lineHead++;
      this.#sentCount++;
      void this.#read(reading);
    }
    if (this.#lineHead === this.#line.length && this.#lineHead > 0) {
      this.#line = [];
      this.#lineHead = 0;
    }
  }

  async #read(reading: Reading): Promise<void> {
    try {
      do {
        reading.since = 'nothing';
        reading.isSent = true;
        await this.#readOnce(reading);
      } while (reading.since !== 'nothing' && !this.#isStopped);
    } catch (error) {
      if (!this.#isStopped) {
        this.stop();
        this.#onError(error);
      }
    }
    if (this.#isStopped) return;
    this.#readings.delete(reading.path);
    this.#sentCount--;
    if (reading.manner === 'scan') this.#endScan();
    this.#sendMore();
  }

  async #readOnce(reading: Reading): Promise<void> {
    const { path, manner } = reading;
    const node = await this.#readNode(path);
    // Children that are created from now on have events of their own.
    const goesDown =
      manner === 'scan' && node?.stat.numChildren !== 0 && this.#options.hasWantedChildren(path);
    const names = node !== undefined && goesDown ? await this.#readNames(path) : [];
    if (this.#isStopped || reading.since === 'deleted') return;
    if (node === undefined) {
      this.#store.delete(path);
      return;
    }
    this.#store.put(node);
    for (const name of names) this.#request(joinPath(path, name), 'scan');
  }

  async #readNode(path: string): Promise<CachedNode | undefined> {
    try {
      if (this.#options.content === 'data') {
        const { data, stat } = await this.#zk.get(path);
        return new CachedNode(path, stat, this.#unpack(path, data));
      }
      const stat = await this.#zk.exists(path);
      return stat && new CachedNode(path, stat, NO_DATA);
    } catch (error) {
      return this.#absentOr(error);
    }
  }

  async #readNames(path: string): Promise<readonly string[]> {
    try {
      return (await this.#zk.children(path)).names;
    } catch (error) {
      return this.#absentOr(error) ?? [];
    }
  }

  #unpack(path: string, data: Uint8Array): Uint8Array {
    const { unpack } = this.#options;
    if (unpack === undefined || data.byteLength === 0) return data;
    try {
      return unpack(data);
    } catch (error) {
      throw new CacheDataError(path, error);
    }
  }

  #absentOr(error: unknown): undefined {
    if (error instanceof NoNodeError) return;
    const isUnreadable = error instanceof NoAuthError || error instanceof CacheDataError;
    if (isUnreadable && this.#options.unreadable === 'leave-out') return;
    throw error;
  }

  #endScan(): void {
    this.#scanCount--;
    if (this.#scanCount > 0) return;
    this.#scanned?.resolve();
    this.#scanned = undefined;
  }
}
