// The types are the claim, and the compiler checks them; what runs is only that it runs.

import { expectTypeOf, test } from 'vitest';
import type {
  Children,
  Created,
  CreatedInTransaction,
  NodeData,
  Stat,
  Watched,
  WatchedExistence,
  ZooKeeper,
} from '../src/index.ts';

test('results have the type of what was asked for', () => {
  const types = (zk: ZooKeeper) => {
    expectTypeOf(zk.create('/a')).resolves.toEqualTypeOf<Created>();
    expectTypeOf(zk.get('/a')).resolves.toEqualTypeOf<NodeData>();
    expectTypeOf(zk.get('/a', { watch: true })).resolves.toEqualTypeOf<NodeData & Watched>();
    expectTypeOf(zk.exists('/a')).resolves.toEqualTypeOf<Stat | undefined>();
    expectTypeOf(zk.exists('/a', { watch: true })).resolves.toEqualTypeOf<WatchedExistence>();
    expectTypeOf(zk.children('/a', { watch: true })).resolves.toEqualTypeOf<Children & Watched>();
    expectTypeOf(zk.delete('/a')).resolves.toEqualTypeOf<void>();
  };
  expectTypeOf(types).toBeFunction();
});

test('a transaction and a batch know the types of their results, one by one', () => {
  const types = (zk: ZooKeeper) => {
    const transaction = zk
      .transaction()
      .create('/a')
      .set('/a', '')
      .check('/a')
      .delete('/a', { version: 0 });
    expectTypeOf(transaction.commit()).resolves.toEqualTypeOf<
      [CreatedInTransaction, Stat, undefined, undefined]
    >();
    expectTypeOf(zk.transaction().commit()).resolves.toEqualTypeOf<[]>();
    expectTypeOf(zk.readBatch().get('/a').children('/b').run()).resolves.toEqualTypeOf<
      [PromiseSettledResult<NodeData>, PromiseSettledResult<readonly string[]>]
    >();
    // @ts-expect-error a transaction has no deadline of its operations, only one of its own
    zk.transaction().create('/a', '', { timeoutMs: 1 });
    // @ts-expect-error a znode with a TTL is made by `ttlMs`, not by a mode
    void zk.create('/a', '', { mode: 'persistent-with-ttl' });
  };
  expectTypeOf(types).toBeFunction();
});
