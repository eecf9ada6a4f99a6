/** Mistakes of recipes other than the mutex that the simulator must find: each in place of the production one, on the production client. */

import type { ZooKeeper } from '@zooid/client';
import {
  Cache,
  type CacheChange,
  createProtected,
  DoubleBarrier,
  GroupMember,
  type HeldLock,
  type Lock,
  type QueueItem,
  ReadWriteLock,
  type SessionSource,
  SharedCount,
  SimpleQueue,
  type Versioned,
  type WaitOptions,
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

/** Whoever follows it hears of all but every tenth change. */
class ForgetfulCache extends Cache {
  override changes(): AsyncIterableIterator<CacheChange> {
    return allButSome(super.changes());
  }
}

async function* allButSome(changes: AsyncIterableIterator<CacheChange>) {
  let count = 0;
  for await (const change of changes) if (++count % 10 !== 0) yield change;
}

/** It makes its znode once. */
class MemberOfOneSession extends GroupMember {
  readonly #source: SessionSource;
  readonly #path: string;
  #made: ZooKeeper | undefined;

  constructor(source: SessionSource, group: string, id: string) {
    super(source, group, { id });
    this.#source = source;
    this.#path = `${group}/${id}`;
  }

  override async start(): Promise<void> {
    const zk = typeof this.#source === 'function' ? await this.#source() : this.#source;
    this.#made = zk;
    await zk.ensurePath(this.#path.slice(0, this.#path.lastIndexOf('/')));
    await zk.create(this.#path, this.id, { mode: 'ephemeral' });
  }

  override async setPayload(data: string): Promise<void> {
    await this.#made?.set(this.#path, data, { idempotent: true }).catch(() => undefined);
  }

  override async close(): Promise<void> {
    await this.#made?.delete(this.#path, { idempotent: true }).catch(() => undefined);
  }
}

/** It reads an item, and deletes it if nobody else has. */
class SharingQueue extends SimpleQueue<string> {
  readonly #zk: ZooKeeper;

  constructor(zk: ZooKeeper, path: string) {
    super(zk, path);
    this.#zk = zk;
  }

  override async take(options: WaitOptions): Promise<QueueItem<string>> {
    if ((await this.peek()) === undefined) return await super.take(options);
    const [first] = [...(await this.#zk.children(this.path)).names].sort();
    if (first === undefined) return await super.take(options);
    const path = `${this.path}/${first}`;
    const { data } = await this.#zk.get(path);
    await this.#zk.delete(path, { idempotent: true }).catch(() => undefined);
    const value = JSON.parse(new TextDecoder().decode(data));
    return {
      value,
      path,
      lost: new AbortController().signal,
      done: async () => {},
      requeue: async () => void (await this.put(value)),
      release: async () => {},
      [Symbol.asyncDispose]: async () => {},
    };
  }
}

export type RecipePlantName =
  | 'queue-shares-items'
  | 'member-of-one-session'
  | 'cache-drops-event'
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
  'cache-drops-event': {
    mistake: 'a cache does not tell every change',
    makers: { cache: (source, path, depth) => new ForgetfulCache(source, path, { depth }) },
    overrides: { clientProcessCount: 2, recipes: ['cache'] },
  },
  'member-of-one-session': {
    mistake: 'a member does not come back when its znode is gone',
    makers: { groupMember: (source, group, id) => new MemberOfOneSession(source, group, id) },
    overrides: { clientProcessCount: 3, recipes: ['membership'] },
  },
  'queue-shares-items': {
    mistake: 'who takes an item from a queue without locks does not care who else has deleted it',
    makers: { simpleQueue: (zk, path) => new SharingQueue(zk, path) },
    overrides: { clientProcessCount: 4, recipes: ['simple-queue'] },
  },
};
