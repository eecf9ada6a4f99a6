/** Mistakes of locks that the simulator must find: each in place of the production lock, and on the production client. */

import {
  ConnectionLossError,
  type Created,
  SessionExpiredError,
  type ZooKeeper,
} from '@zooid/client';
import { onAbort } from '@zooid/client/waiting';
import type { HeldLock, Lock } from '@zooid/recipes';
import { type MakeLock, makeMutex } from '../clients/makers.ts';
import type { Plant } from './plants.ts';

/** A lock that holders of another lock see differently. */
function withHeld(lock: Lock<HeldLock>, change: (held: HeldLock) => HeldLock): Lock<HeldLock> {
  return {
    acquire: async (options) => change(await lock.acquire(options)),
    tryAcquire: async (options) => {
      const held = await lock.tryAcquire(options);
      return held && change(held);
    },
  };
}

/** Something held, seen differently. */
function changed(held: HeldLock, change: Partial<HeldLock>): HeldLock {
  return {
    path: held.path,
    fencingToken: held.fencingToken,
    lost: held.lost,
    isHeld: held.isHeld,
    reenter: () => held.reenter(),
    release: () => held.release(),
    [Symbol.asyncDispose]: () => held.release(),
    ...change,
  };
}

/** The holder believes in its session until a server says that it has ended. */
const lostByWordOnly: MakeLock = (zk, path, program) =>
  withHeld(makeMutex(zk, path, program), (held) => {
    const told = new AbortController();
    const ticket = zk.session;
    const ask = async (): Promise<void> => {
      for (;;) {
        try {
          const again = await program.connect(ticket);
          await again.close();
        } catch (error) {
          if (!(error instanceof SessionExpiredError)) continue;
        }
        told.abort(new SessionExpiredError({ operation: 'hold' }));
        return;
      }
    };
    onAbort(held.lost, () => void ask());
    return changed(held, { lost: told.signal });
  });

/** Each process counts for itself. */
const tokenOfProcess: MakeLock = (zk, path, program) =>
  withHeld(makeMutex(zk, path, program), (held) =>
    changed(held, { fencingToken: BigInt(program.doneCount + 1) }),
  );

/** After a lost answer it lines up once more, behind the znode that it does not know. */
const forgottenZnode: MakeLock = (zk, path) => new ForgetfulLock(zk, path);

class ForgetfulLock implements Lock<HeldLock> {
  readonly #zk: ZooKeeper;
  readonly #path: string;

  constructor(zk: ZooKeeper, path: string) {
    this.#zk = zk;
    this.#path = path;
  }

  async acquire(): Promise<HeldLock> {
    const own = await this.#lineUp();
    const name = own.path.slice(this.#path.length + 1);
    for (;;) {
      const { names } = await again(() => this.#zk.children(this.#path));
      const before = names.filter((other) => other < name).sort();
      const last = before.at(-1);
      if (last === undefined) break;
      const seen = await again(() => this.#zk.exists(`${this.#path}/${last}`, { watch: true }));
      if (seen.stat !== undefined) await seen.changed;
    }
    const release = async (): Promise<void> => {
      await this.#zk.delete(own.path, { idempotent: true }).catch(() => undefined);
    };
    const { lost } = this.#zk;
    const held: HeldLock = {
      path: own.path,
      fencingToken: own.stat.czxid,
      lost,
      get isHeld() {
        return !lost.aborted;
      },
      reenter: () => held,
      release,
      [Symbol.asyncDispose]: release,
    };
    return held;
  }

  async tryAcquire(): Promise<HeldLock | undefined> {
    const { names } = await again(() => this.#zk.children(this.#path));
    return names.length > 0 ? undefined : await this.acquire();
  }

  async #lineUp(): Promise<Created> {
    await again(() => this.#zk.ensurePath(this.#path));
    return await again(() =>
      this.#zk.create(`${this.#path}/lock-`, null, { mode: 'ephemeral-sequential' }),
    );
  }
}

/** Once more, whenever an answer is lost. */
async function again<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ConnectionLossError)) throw error;
    }
  }
}

export type LockPlantName =
  | 'lock-lost-by-word-only'
  | 'lock-token-of-process'
  | 'lock-znode-forgotten';

/** Clients and servers lose each other all the time. */
const locking = {
  voterCount: 3,
  clientProcessCount: 3,
  faults: ['cut', 'client-drop', 'client-isolate', 'one-way', 'clog'],
  faultMeanMs: 1000,
} as const;

export const lockPlants: Readonly<Record<LockPlantName, Plant>> = {
  'lock-lost-by-word-only': {
    mistake: 'a holder believes in its lock until a server says that its session has ended',
    makers: { mutex: lostByWordOnly },
    overrides: locking,
  },
  'lock-token-of-process': {
    mistake: 'fencing tokens are counted by each process for itself',
    makers: { mutex: tokenOfProcess },
    overrides: { clientProcessCount: 3 },
  },
  'lock-znode-forgotten': {
    mistake: 'a lock lines up again after a lost answer, and leaves its first znode behind',
    makers: { mutex: forgottenZnode },
    overrides: locking,
  },
};
