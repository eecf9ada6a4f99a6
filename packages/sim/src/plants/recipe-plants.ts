/** Mistakes of recipes other than the mutex that the simulator must find: each in place of the production one, on the production client. */

import type { ZooKeeper } from '@zooid/client';
import {
  createProtected,
  DoubleBarrier,
  type HeldLock,
  type Lock,
  ReadWriteLock,
  SharedCount,
  type Versioned,
} from '@zooid/recipes';
import type { Makers } from '../clients/makers.ts';
import { GivenUp } from '../clients/program.ts';
import type { Plant } from './plants.ts';

/** A reader looks at nobody. */
const hastyReader: Makers['readWriteLock'] = (zk, path) => {
  const { write } = new ReadWriteLock(zk, path, { identifier: '' });
  const enter = async (): Promise<HeldLock> => {
    const { path: znode, stat } = await createProtected(zk, `${path}/__READ__`, '', {
      mode: 'ephemeral-sequential',
    });
    const release = () => zk.delete(znode, { idempotent: true });
    const held: HeldLock = {
      path: znode,
      fencingToken: stat.czxid,
      lost: zk.lost,
      get isHeld() {
        return !zk.lost.aborted;
      },
      reenter: () => held,
      release,
      [Symbol.asyncDispose]: release,
    };
    return held;
  };
  const read: Lock<HeldLock> = { acquire: enter, tryAcquire: enter };
  return { read, write };
};

/** It waits for nobody when it goes. */
class HastyBarrier extends DoubleBarrier {
  readonly #path: string;
  readonly #zk: ZooKeeper;

  constructor(zk: ZooKeeper, path: string, memberCount: number) {
    super(zk, path, { memberCount });
    this.#zk = zk;
    this.#path = path;
  }

  override async leave(): Promise<void> {
    const leaving = new AbortController();
    leaving.abort(new GivenUp());
    await super.leave({ signal: leaving.signal }).catch(() => undefined);
    await this.#zk.sync(this.#path);
  }
}

/** It takes no notice of the version. */
class HeedlessCount extends SharedCount {
  override async trySet(_: Versioned<number>, value: number): Promise<Versioned<number>> {
    return await this.set(value);
  }
}

export type RecipePlantName =
  | 'read-lock-beside-writer'
  | 'barrier-left-early'
  | 'count-set-blindly';

export const recipePlants: Readonly<Record<RecipePlantName, Plant>> = {
  'read-lock-beside-writer': {
    mistake: 'a reader does not wait for a writer that came before it',
    makers: { readWriteLock: hastyReader },
    overrides: { clientProcessCount: 3, recipes: ['read-write-lock'] },
  },
  'barrier-left-early': {
    mistake: 'a member leaves a double barrier before the others have done',
    makers: { doubleBarrier: (zk, path, memberCount) => new HastyBarrier(zk, path, memberCount) },
    overrides: { clientProcessCount: 3, recipes: ['double-barrier'] },
  },
  'count-set-blindly': {
    mistake: 'a shared count is set whatever it has become',
    makers: { sharedCount: (zk, path) => new HeedlessCount(zk, path, 0) },
    overrides: { clientProcessCount: 4, recipes: ['shared-count'] },
  },
};
