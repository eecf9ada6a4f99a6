/** Whoever holds a lock hears of it when somebody asks for it, and not otherwise. */

import type { ClientProcess } from '../clients/client-process.ts';
import type { World } from '../world.ts';

const REVOKED = '__REVOKE__';
/** In peace it is heard of within so many ms: servers that were behind follow, and lost connections come back. */
const HEARD_MS_MAX = 10_000;

export class RevocationChecks {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Whether somebody has written so into the znode. */
  wasAsked(znode: string): boolean {
    return this.#asked(znode) !== undefined;
  }

  /** A holder is about to give it back, and has not heard of anything. */
  onNotAsked(process: ClientProcess, znode: string): void {
    const asked = this.#asked(znode);
    if (asked === undefined) return;
    const { checks, scheduler, peaceSinceMs, recipes } = this.#world;
    const sinceMs = Math.max(recipes.times.msOf(asked), peaceSinceMs);
    if (scheduler.nowMs - sinceMs > HEARD_MS_MAX) {
      checks.fail('revocation', `${process.name} does not hear that it is asked for ${znode}`);
    }
  }

  #asked(znode: string): number | undefined {
    return this.#world.sessions.model.versionsOf(znode).find(({ data }) => data === REVOKED)?.zxid;
  }
}
