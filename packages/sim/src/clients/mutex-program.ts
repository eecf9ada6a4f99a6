import type { ZooKeeper } from '@zooid/client';
import { onAbort } from '@zooid/client/waiting';
import { type AcquireOptions, type HeldLock, type Lock, Mutex } from '@zooid/recipes';
import type { Holding } from '../checks/lock-checks.ts';
import type { ClientProcess } from './client-process.ts';
import { GivenUp, Program, sleep } from './program.ts';

/** The locks that all programs contend for. */
export const MUTEX_PATHS: readonly string[] = ['/locks/a', '/locks/b'];
/** Longest time for which one is held ordinarily, and by those who have a lot to do, ms. */
const HOLD_MS_MAX = 4000;
const LONG_HOLD_MS_MAX = 40_000;

export type MakeLock = (zk: ZooKeeper, path: string, program: MutexProgram) => Lock<HeldLock>;

export const makeMutex: MakeLock = (zk, path) => new Mutex(zk, path, { identifier: '' });

/** Takes a lock, holds it for a while, and gives it back; or tries to, or gives up waiting. */
export class MutexProgram extends Program {
  readonly #makeLock: MakeLock;

  constructor(process: ClientProcess, makeLock: MakeLock) {
    super(process);
    this.#makeLock = makeLock;
  }

  protected override async step(zk: ZooKeeper): Promise<void> {
    const { random } = this;
    const path = random.pick(MUTEX_PATHS);
    const lock = this.#makeLock(zk, path, this);
    const draw = random.next();
    if (draw < 0.1) {
      await this.#hold(zk, path, await lock.tryAcquire());
    } else if (draw < 0.2) {
      const options = { timeoutMs: random.integer(1, 5000) };
      await this.#hold(zk, path, await lock.acquire(options));
    } else if (draw < 0.3) {
      await this.#hold(zk, path, await lock.acquire(this.#untilTired()));
    } else {
      await this.#hold(zk, path, await lock.acquire());
    }
  }

  /** For a moment; or, while there are faults, for long enough to lose it. */
  async #work({ lost }: HeldLock): Promise<void> {
    await sleep(this.random.next() ** 3 * HOLD_MS_MAX, lost);
    if (this.random.chance(0.7)) return;
    let restMs = this.random.next() ** 2 * LONG_HOLD_MS_MAX;
    while (restMs > 0 && !this.world.isCalm && !lost.aborted) {
      await sleep(Math.min(restMs, HOLD_MS_MAX), lost);
      restMs -= HOLD_MS_MAX;
    }
  }

  #untilTired(): AcquireOptions {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new GivenUp()), this.random.integer(1, 5000));
    return { signal: controller.signal };
  }

  async #hold(zk: ZooKeeper, path: string, held: HeldLock | undefined): Promise<void> {
    if (held === undefined || !held.isHeld) return;
    const { locks } = this.world;
    this.doneCount++;
    const holding: Holding = {
      process: this.process,
      path,
      znode: held.path,
      token: Number(held.fencingToken),
      sessionId: zk.session.id,
    };
    locks.onGranted(holding);
    const stop = onAbort(held.lost, () => locks.onLost(holding));
    await this.#work(held);
    stop();
    locks.onReleased(holding);
    // Some end their session while they give it back.
    const closed = this.random.chance(0.9) ? undefined : zk.close();
    await Promise.all([held.release(), closed]);
  }
}
