/**
 * What barriers promise:
 *
 * - who has entered a double barrier was let in when all were there: `ready` was made, or so many members were there at one moment;
 * - who has left it has left nobody behind who was there with it: a member that has not begun to leave has its znode, as long as its session lives;
 * - whoever set a barrier, removed it or waited for it, did so at a time when it was there, or was not; who waits for one that is gone goes on.
 *
 * `ready` is made only where all were there at one moment, while whoever makes it was.
 */

import type { World } from '../world.ts';
import { zxidText } from './checks.ts';
import { wasAbsent, wasThere } from './znode-history.ts';

const READY = 'ready';
/** In peace somebody who waits hears of it within so many ms. */
const HEARD_MS_MAX = 10_000;

/** A member of a double barrier that has entered. */
export interface Inside {
  readonly znode: string;
  /** Those that were there with it had come by then. */
  readonly zxid: number;
}

export class BarrierChecks {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /**
   * A member has entered.
   *
   * @param since - what its session had seen when it began.
   * @returns undefined when its session has ended meanwhile.
   */
  onEntered(
    path: string,
    memberCount: number,
    sessionId: bigint,
    since: number,
  ): Inside | undefined {
    const { sessions, checks } = this.#world;
    const { model } = sessions;
    const now = checks.committedZxid;
    // One that it has given up before may still be about to go.
    const [znode] = model
      .childrenAt(path, now)
      .map((name) => `${path}/${name}`)
      .filter((child) => model.at(child, now)?.owner === sessionId)
      .sort((a, b) => model.at(b, now)!.czxid - model.at(a, now)!.czxid);
    if (znode === undefined) {
      if (model.hasSession(sessionId)) this.#fail(`who has entered ${path} is not there`);
      return undefined;
    }
    checks.note('barrier-entered');
    const { czxid } = model.at(znode, now)!;
    const ready = `${path}/${READY}`;
    if (wasThere(model, ready, since, czxid)) return { znode, zxid: czxid };
    const made = model.versionsOf(ready).find(({ exists, zxid }) => exists && zxid > czxid);
    if (made !== undefined) return { znode, zxid: made.zxid };
    const complete = this.#completeAt(path, memberCount, czxid, now);
    if (complete === undefined) this.#fail(`${znode} is let in, and not all are there`);
    return { znode, zxid: czxid };
  }

  /** A member is about to leave. */
  onLeaving({ znode }: Inside, sessionId: bigint): void {
    const { sessions, checks } = this.#world;
    const { model } = sessions;
    if (!model.hasSession(sessionId)) return;
    if (model.at(znode, checks.committedZxid) === undefined) {
      this.#fail(`${znode} is gone before it begins to leave`);
    }
  }

  /** A member has left. */
  onLeft(path: string, { zxid }: Inside): void {
    const { sessions, checks } = this.#world;
    const present = new Set(sessions.model.childrenAt(path, checks.committedZxid));
    const behind = sessions.model
      .childrenAt(path, zxid)
      .find((name) => name !== READY && present.has(name));
    if (behind !== undefined) this.#fail(`somebody has left ${path}, and ${behind} has not`);
    checks.note('barrier-left');
  }

  /** Told of each transaction that makes `ready`, by whom. */
  onReady(path: string, memberCount: number, zxid: number): void {
    const { model } = this.#world.sessions;
    const { sessionId } = model.writeAt(zxid)!;
    const own = model
      .childrenAt(path, zxid)
      .map((name) => model.at(`${path}/${name}`, zxid)!)
      .find(({ owner }) => owner === sessionId);
    if (own === undefined || !this.#completeAt(path, memberCount, own.czxid, zxid)) {
      this.#fail(`${path} is ready at ${zxidText(zxid)}, and not all were there`);
    }
  }

  /** When so many members were there at one moment from `from` to `to`; undefined when they never were. */
  #completeAt(path: string, memberCount: number, from: number, to: number): number | undefined {
    const { model } = this.#world.sessions;
    for (let zxid: number | undefined = from; zxid !== undefined && zxid <= to; ) {
      const members = model.childrenAt(path, zxid).filter((name) => name !== READY);
      if (members.length >= memberCount) return zxid;
      zxid = model.firstChildChangeAfter(path, zxid);
    }
    return undefined;
  }

  // ── Barriers that one sets ────────────────────────────────────────────────────────────────────────

  onSet(path: string, since: number): void {
    const { sessions, checks } = this.#world;
    if (!wasThere(sessions.model, path, since, checks.committedZxid)) {
      this.#fail(`${path} is set, and was never there`);
    }
    checks.note('barrier-set');
  }

  /** It was removed, or somebody has waited for it. */
  onOpen(path: string, since: number): void {
    const { sessions, checks } = this.#world;
    if (!wasAbsent(sessions.model, path, since, checks.committedZxid)) {
      this.#fail(`${path} was there all the time`);
    }
    checks.note('barrier-open');
  }

  /** Somebody has waited so long, and given up. */
  onGivenUp(path: string, waitedMs: number): void {
    const { sessions, checks, recipes, scheduler, peaceSinceMs } = this.#world;
    const fromMs = Math.max(peaceSinceMs, scheduler.nowMs - waitedMs);
    if (scheduler.nowMs - fromMs < HEARD_MS_MAX) return;
    if (!wasThere(sessions.model, path, recipes.times.zxidAt(fromMs), checks.committedZxid)) {
      this.#fail(`somebody waits for ${path}, which is not there`);
    }
  }

  #fail(message: string): never {
    return this.#world.checks.fail('barrier', message);
  }
}
