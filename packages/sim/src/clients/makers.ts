/** The recipes that programs work with: tests plant a mistake in one of them. */

import type { ZooKeeper } from '@zooid/client';
import {
  Cache,
  DoubleBarrier,
  GroupMember,
  type HeldLock,
  type HeldWriteLock,
  type Lock,
  Mutex,
  ReadWriteLock,
  type SessionSource,
  SharedCount,
  SimpleQueue,
} from '@zooid/recipes';
import type { CacheDepth } from '../checks/cache-checks.ts';
import type { Program } from './program.ts';

export type MakeLock = (zk: ZooKeeper, path: string, program: Program) => Lock<HeldLock>;

export interface ReadAndWrite {
  readonly read: Lock<HeldLock>;
  readonly write: Lock<HeldWriteLock>;
}

export interface Makers {
  readonly mutex: MakeLock;
  readonly cache: (source: SessionSource, path: string, depth: CacheDepth) => Cache;
  readonly simpleQueue: (zk: ZooKeeper, path: string) => SimpleQueue<string>;
  readonly groupMember: (source: SessionSource, group: string, id: string) => GroupMember;
  readonly doubleBarrier: (zk: ZooKeeper, path: string, memberCount: number) => DoubleBarrier;
  readonly sharedCount: (zk: ZooKeeper, path: string) => SharedCount;
  readonly readWriteLock: (zk: ZooKeeper, path: string) => ReadAndWrite;
}

export const makeMutex: MakeLock = (zk, path) => new Mutex(zk, path, { identifier: '' });

export const productionMakers: Makers = {
  mutex: makeMutex,
  cache: (source, path, depth) => new Cache(source, path, { depth }),
  simpleQueue: (zk, path) => new SimpleQueue<string>(zk, path),
  groupMember: (source, group, id) => new GroupMember(source, group, { id, payload: id }),
  doubleBarrier: (zk, path, memberCount) => new DoubleBarrier(zk, path, { memberCount }),
  sharedCount: (zk, path) => new SharedCount(zk, path, 0),
  readWriteLock: (zk, path) => new ReadWriteLock(zk, path, { identifier: '' }),
};
