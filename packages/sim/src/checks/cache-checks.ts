/**
 * What a cache promises: each state of a znode that it shows was one, and none is older than one before; whoever applies its changes in order has
 * what it has; and when nothing changes any more, that is what was committed.
 */

import type { Cache, CacheChange, CachedNode } from '@zooid/recipes';
import type { World } from '../world.ts';
import { zxidText } from './checks.ts';

/** How far down it goes. */
export type CacheDepth = 'node' | 'children' | 'tree';

export class CacheChecks {
  readonly #world: World;
  readonly #who: string;
  readonly #path: string;
  readonly #depth: CacheDepth;
  /** What the changes amount to. */
  readonly #shown = new Map<string, CachedNode>();
  /** The newest change of each znode that was shown. */
  readonly #newest = new Map<string, number>();

  constructor(world: World, who: string, path: string, depth: CacheDepth) {
    this.#world = world;
    this.#who = who;
    this.#path = path;
    this.#depth = depth;
  }

  onChange(change: CacheChange): void {
    this.#world.checks.note(`cache-${change.type}`);
    switch (change.type) {
      case 'created':
        if (this.#shown.has(change.node.path)) this.#fail(`${change.node.path} is created twice`);
        this.#show(change.node);
        break;
      case 'changed':
        this.#assertShown(change.before);
        this.#show(change.node);
        break;
      case 'deleted':
        this.#assertShown(change.before);
        this.#assertDeleted(change.before);
        this.#shown.delete(change.before.path);
        break;
      default:
    }
  }

  /** Where a cache that nobody disturbs differs from the truth; undefined when it does not. */
  difference(cache: Cache): string | undefined {
    const kept = new Map([...cache.stream()].map((node) => [node.path, node]));
    const zxid = this.#world.checks.committedZxid;
    const real = this.#pathsAt(this.#path, zxid, 0);
    for (const path of new Set([...real, ...kept.keys(), ...this.#shown.keys()])) {
      const mzxid = this.#world.sessions.model.at(path, zxid)?.zxid;
      const expected = real.includes(path) ? mzxid : undefined;
      const inCache = kept.get(path)?.stat.mzxid;
      const inChanges = this.#shown.get(path)?.stat.mzxid;
      if (inCache !== inChanges) return `${this.#who} has ${path} otherwise than it told`;
      if (expected !== (inCache === undefined ? undefined : Number(inCache))) {
        return `${this.#who} has ${path} of ${inCache}, not of ${expected}`;
      }
    }
    return undefined;
  }

  #show(node: CachedNode): void {
    const { path, stat } = node;
    const zxid = Number(stat.mzxid);
    const real = this.#world.sessions.model.at(path, zxid);
    const isReal =
      real?.zxid === zxid &&
      real.czxid === Number(stat.czxid) &&
      real.version === stat.version &&
      real.data === node.text();
    if (!isReal) this.#fail(`${path} was never so at ${zxidText(zxid)}`);
    const newest = this.#newest.get(path) ?? 0;
    if (zxid <= newest)
      this.#fail(`${path} goes back from ${zxidText(newest)} to ${zxidText(zxid)}`);
    this.#newest.set(path, zxid);
    this.#shown.set(path, node);
  }

  #assertShown(before: CachedNode): void {
    const shown = this.#shown.get(before.path);
    if (shown?.stat.mzxid !== before.stat.mzxid) {
      this.#fail(`${before.path} changes from what it was not told to be`);
    }
  }

  #assertDeleted({ path, stat }: CachedNode): void {
    const zxid = Number(stat.mzxid);
    const versions = this.#world.sessions.model.versionsOf(path);
    const deleted = versions.find((version) => version.zxid > zxid && !version.exists);
    if (deleted === undefined) this.#fail(`${path} is deleted, and nobody did so`);
    // What is shown next is newer than that.
    this.#newest.set(path, deleted.zxid);
  }

  /** Of the znode and of those below it that belong to the cache. */
  #pathsAt(path: string, zxid: number, level: number): string[] {
    const { model } = this.#world.sessions;
    if (model.at(path, zxid) === undefined) return [];
    const levels = { node: 0, children: 1, tree: Number.POSITIVE_INFINITY }[this.#depth];
    if (level >= levels) return [path];
    const below = model
      .childrenAt(path, zxid)
      .flatMap((name) => this.#pathsAt(`${path}/${name}`, zxid, level + 1));
    return [path, ...below];
  }

  #fail(message: string): never {
    return this.#world.checks.fail('cache', `${this.#who}: ${message}`);
  }
}
