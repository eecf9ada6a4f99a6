import { NoAuthError, readAcl } from '@zooid/client';
import { describe, expect, test } from 'vitest';
import { keepSession, PersistentNode, PersistentTtlNode } from '../../src/index.ts';
import { forEachCut } from '../support/cuts.ts';
import { childrenOf, startSetup, untilAborted } from '../support/setup.ts';

const TTL_ALLOWED = { config: { tree: { isExtendedTypesOn: true } } };

describe('a persistent node', () => {
  test('is an ephemeral below parents that stay, gone when it is closed', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const node = new PersistentNode(zk, '/a/b', 'me');
    expect(node.path).toBeUndefined();
    expect(await node.start()).toBe('/a/b');
    expect(await node.start()).toBe('/a/b');
    const { stat } = await zk.get('/a/b');
    expect(stat.ephemeralOwner).toBe(zk.session.id);
    expect((await zk.exists('/a'))?.ephemeralOwner).toBe(0n);
    await node.close();
    expect(await zk.exists('/a/b')).toBeUndefined();
    await expect(node.start()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  test('comes back whenever somebody deletes it, with its newest data', async () => {
    await using setup = await startSetup();
    const [zk, other] = await setup.connectMany(2);
    await using node = new PersistentNode(zk!, '/n', 'one');
    await node.start();
    for (const data of ['two', 'three', 'four']) {
      await node.setData(data);
      await other!.sync('/n');
      expect((await other!.get('/n')).text()).toBe(data);
      await other!.delete('/n');
      await other!.waitFor('/n');
      expect((await other!.get('/n')).text()).toBe(data);
    }
    await other!.set('/n', 'of somebody else');
    expect((await zk!.get('/n')).text()).toBe('of somebody else');
  });

  test('lives through restarts and expired sessions when it gets new ones', async () => {
    await using setup = await startSetup();
    const other = await setup.connect();
    await using sessions = keepSession(() => setup.connect());
    const made: string[] = [];
    await using node = new PersistentNode(sessions, '/n', 'me', {
      onCreated: (path) => made.push(path),
    });
    await node.start();
    await setup.server.restart();
    await node.setData('after the restart');
    for (let round = 0; round < 3; round++) {
      const zk = await sessions();
      await setup.server.expireSession(zk);
      await other.waitFor('/n');
      const { stat } = await other.get('/n');
      expect(stat.ephemeralOwner).not.toBe(zk.session.id);
    }
    await node.setData('in the end');
    expect((await other.get('/n')).text()).toBe('in the end');
    expect(made).toEqual(['/n', '/n', '/n', '/n']);
  });

  test('fails with its session when it has only one', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const node = new PersistentNode(zk, '/n', 'me');
    await node.start();
    await setup.server.expireSession(zk);
    await untilAborted(node.failed);
    expect(node.failed.reason).toMatchObject({ code: 'SESSION_EXPIRED' });
    await expect(node.setData('x')).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
    await node.close();
  });

  test('fails when it is not allowed to be there', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await zk.create('/locked', '', { acl: readAcl });
    await using node = new PersistentNode(zk, '/locked/n', 'me');
    await expect(node.start()).rejects.toThrow(NoAuthError);
  });

  test('takes over a znode that an earlier session has left, and has it again when that is gone', async () => {
    await using setup = await startSetup();
    const [old, zk] = await setup.connectMany(2);
    await old!.create('/n', 'old', { mode: 'ephemeral' });
    await using node = new PersistentNode(zk!, '/n', 'new');
    await node.start();
    expect((await zk!.get('/n')).text()).toBe('new');
    await setup.server.expireSession(old!);
    await zk!.waitFor('/n');
    expect((await zk!.get('/n')).stat.ephemeralOwner).toBe(zk!.session.id);
  });

  test('with a number or protection keeps the name that it first got', async () => {
    await using setup = await startSetup();
    const [zk, other] = await setup.connectMany(2);
    const options = { mode: 'ephemeral-sequential' } as const;
    await using node = new PersistentNode(zk!, '/p/n-', 'me', options);
    const path = await node.start();
    expect(path).toMatch(/^\/p\/_c_[0-9a-f-]{36}-n-0000000000$/);
    await other!.delete(path);
    await other!.waitFor(path);
    expect((await other!.children('/p')).names).toHaveLength(1);
    await using guarded = new PersistentNode(zk!, '/p/m', 'me', { protection: true });
    expect(await guarded.start()).toMatch(/^\/p\/_c_[0-9a-f-]{36}-m$/);
  });

  test('leaves nothing behind and is never doubled, wherever the connection breaks', async () => {
    await using setup = await startSetup();
    const other = await setup.connect();
    const cutCount = await forEachCut(setup.server, async (zk) => {
      const node = new PersistentNode(zk, '/deep/n', 'one', { protection: true });
      const path = await node.start();
      await node.setData('two');
      expect((await other.get(path)).text()).toBe('two');
      expect(await childrenOf(other, '/deep')).toHaveLength(1);
      await other.delete(path);
      await other.waitFor(path);
      await node.close();
      expect(await childrenOf(other, '/deep')).toEqual([]);
    });
    expect(cutCount).toBeGreaterThan(20);
  });

  test('closing it while it is being made leaves nothing', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const node = new PersistentNode(zk, '/n', 'me');
    const starting = node.start();
    const rejected = expect(starting).rejects.toMatchObject({ code: 'CLOSED' });
    await node.close();
    await rejected;
    expect(await zk.exists('/n')).toBeUndefined();
  });

  test('a time to live is for znodes that can have one', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    expect(() => new PersistentNode(zk, '/n', '', { ttlMs: 1_000 })).toThrow(RangeError);
  });
});

describe('a persistent node with a time to live', () => {
  test('outlives its owner, and is kept fresh by its child', async () => {
    await using setup = await startSetup(TTL_ALLOWED);
    const zk = await setup.connect();
    const node = new PersistentTtlNode(zk, '/t', { ttlMs: 60_000 }, 'me');
    await node.start();
    await node.touch();
    const first = await zk.get('/t/touch');
    await node.touch();
    const second = await zk.get('/t/touch');
    expect(second.stat.mzxid).toBeGreaterThan(first.stat.mzxid);
    expect((await zk.get('/t')).text()).toBe('me');
    await node.setData('still me');
    await node.close();
    expect((await zk.get('/t')).text()).toBe('still me');
  });

  test('goes with its child when nobody keeps it any more, and not before', async () => {
    await using setup = await startSetup({
      config: {
        tree: {
          isExtendedTypesOn: true,
          containerCheckIntervalMs: 20,
          containerDeleteCountPerMinuteMax: 10_000,
        },
      },
    });
    const [zk, owner] = await setup.connectMany(2);
    const node = new PersistentTtlNode(owner!, '/t', { ttlMs: 1_000, touchesPerTtl: 50 }, 'me');
    await node.start();
    // For longer than it would live by itself.
    for (let touch = 0; touch < 60; touch++) {
      const { changed } = await zk!.exists('/t/touch', { watch: true });
      await changed;
      expect(await zk!.exists('/t')).toBeDefined();
    }
    await node.close();
    for (;;) {
      const seen = await zk!.exists('/t', { watch: true });
      if (seen.stat === undefined) break;
      await seen.changed;
    }
  });

  test('touches by itself', async () => {
    await using setup = await startSetup(TTL_ALLOWED);
    const zk = await setup.connect();
    await using node = new PersistentTtlNode(zk, '/t', { ttlMs: 2_000, touchesPerTtl: 100 }, 'me');
    await node.start();
    await zk.waitFor('/t/touch');
    const { changed } = await zk.get('/t/touch', { watch: true });
    expect((await changed).type).toBe('data-changed');
  });
});
