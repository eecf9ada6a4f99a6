/** What a shared count promises: each value that is seen was one, none is older than the one before, and who sets it does so on top of what was seen. */

import type { Versioned } from '@zooid/recipes';
import type { World } from '../world.ts';

type Seen = Versioned<number>;

export class SharedCountChecks {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  onSeen(path: string, before: Seen, now: Seen): void {
    if (now.mzxid < before.mzxid) this.#fail(`${path} goes back to ${now.value}`);
    this.#assertReal(path, now);
  }

  onSet(path: string, before: Seen, after: Seen): void {
    this.#assertReal(path, after);
    if (after.version !== before.version + 1) {
      this.#fail(`${path} is set at version ${before.version}, and becomes ${after.version}`);
    }
    this.#world.checks.note('shared-count-set');
  }

  /** Somebody else is said to have set it. */
  onOutrun(path: string, before: Seen): void {
    const { sessions, checks } = this.#world;
    const now = sessions.model.at(path, checks.committedZxid);
    if (now !== undefined && now.version <= before.version) {
      this.#fail(`nobody has set ${path} since version ${before.version}`);
    }
  }

  #assertReal(path: string, { value, version, mzxid }: Seen): void {
    const zxid = Number(mzxid);
    const real = this.#world.sessions.model.at(path, zxid);
    const isReal = real?.zxid === zxid && real.version === version && numberOf(real.data) === value;
    if (!isReal) this.#fail(`${path} was never ${value} in version ${version}`);
  }

  #fail(message: string): never {
    return this.#world.checks.fail('shared-count', message);
  }
}

/** Of bytes that are ASCII, the highest first. */
function numberOf(text: string): number {
  return [...text].reduce((sum, char) => sum * 256 + char.charCodeAt(0), 0);
}
