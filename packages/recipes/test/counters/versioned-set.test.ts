import {
  ConnectionLossError,
  NodeData,
  NoNodeError,
  type Stat,
  type ZooKeeper,
} from '@zooid/client';
import { expect, test } from 'vitest';
import { setVersioned } from '../../src/counters/versioned-set.ts';

/** A client of which the answer to the first write is lost, and that then finds this. */
function clientThatFinds(found: { readonly version: number; readonly data: string } | undefined) {
  const calls: string[] = [];
  const zk = {
    async set() {
      calls.push('set');
      if (calls.length > 1) return { version: 8 } as Stat;
      throw new ConnectionLossError({ operation: 'set', outcome: 'unknown' });
    },
    async sync() {
      calls.push('sync');
    },
    async get() {
      calls.push('get');
      if (found === undefined) throw new NoNodeError({ operation: 'get' });
      const stat = { version: found.version } as Stat;
      return new NodeData(new TextEncoder().encode(found.data), stat);
    },
  };
  return { zk: zk as unknown as ZooKeeper, calls };
}

test('a write whose answer was lost is sent again when it was surely not carried out', async () => {
  const { zk, calls } = clientThatFinds({ version: 7, data: 'before' });
  expect(await setVersioned(zk, '/v', 'ours', 7)).toEqual({ version: 8 });
  expect(calls).toEqual(['set', 'sync', 'get', 'set']);
});

test('it was refused when the next version holds what is not ours', async () => {
  const { zk, calls } = clientThatFinds({ version: 8, data: 'of another' });
  expect(await setVersioned(zk, '/v', 'ours', 7)).toBeUndefined();
  expect(calls).toEqual(['set', 'sync', 'get']);
});

test.each([
  ['the next version holds the same', { version: 8, data: 'ours' }],
  ['it has changed more than once', { version: 9, data: 'of another' }],
  ['it is not there any more', undefined],
])('nobody can tell when %s', async (_, found) => {
  const { zk } = clientThatFinds(found);
  const unknown = setVersioned(zk, '/v', 'ours', 7);
  await expect(unknown).rejects.toMatchObject({ code: 'CONNECTION_LOSS', outcome: 'unknown' });
});

test('versions wrap as the servers count them', async () => {
  const { zk } = clientThatFinds({ version: -(2 ** 31), data: 'of another' });
  expect(await setVersioned(zk, '/v', 'ours', 2 ** 31 - 1)).toBeUndefined();
});
