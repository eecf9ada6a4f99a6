import { type Cache, type KeptSession, keepSession } from '@zooid/recipes';
import { CacheChecks, type CacheDepth } from '../checks/cache-checks.ts';
import type { Program } from './program.ts';
import type { Standing } from './standing.ts';

/** What the other clients write to. */
const CACHED_PATHS: Readonly<Record<CacheDepth, string>> = {
  node: '/t/a',
  children: '/t',
  tree: '/t',
};

/** Keeps a part of the tree for as long as the process lives, whatever becomes of its sessions. */
export class CacheUse implements Standing {
  readonly #checks: CacheChecks;
  readonly #cache: Cache;

  constructor(program: Program) {
    const { world, random, process } = program;
    const depth = random.pick(['node', 'children', 'tree'] as const);
    const path = CACHED_PATHS[depth];
    const sessions: KeptSession = keepSession((signal) => program.connectAside(signal));
    this.#cache = world.makers.cache(sessions, path, depth);
    this.#checks = new CacheChecks(world, process.name, path, depth);
    const changes = this.#cache.changes();
    program.inBackground(async () => {
      for await (const change of changes) this.#checks.onChange(change);
    });
    program.inBackground(() => this.#cache.start());
  }

  get problem(): string | undefined {
    if (!this.#cache.isInitialized) return `the cache of ${this.#cache.path} does not begin`;
    return this.#checks.difference(this.#cache);
  }
}
