import { describe, expect, test } from 'vitest';
import { creatorAcl, Permission, readAcl } from '../../src/index.ts';
import { SUPER, type Suite } from './suite-server.ts';

export function describeErrors(suite: Suite): void {
  describe('an error', () => {
    test('names the situation, the call and the path', async () => {
      const zk = await suite.fresh();
      await zk.create('/a');
      await zk.create('/a/b');
      await zk.create('/e', '', { mode: 'ephemeral' });
      const cases: readonly (readonly [() => Promise<unknown>, string, string, string])[] = [
        [() => zk.get('/none'), 'NO_NODE', 'get', '/none'],
        [() => zk.children('/none'), 'NO_NODE', 'children', '/none'],
        [() => zk.getAcl('/none'), 'NO_NODE', 'getAcl', '/none'],
        [() => zk.countDescendants('/none'), 'NO_NODE', 'countDescendants', '/none'],
        [() => zk.set('/none', ''), 'NO_NODE', 'set', '/none'],
        [() => zk.setAcl('/none', readAcl), 'NO_NODE', 'setAcl', '/none'],
        [() => zk.delete('/none'), 'NO_NODE', 'delete', '/none'],
        [() => zk.create('/none/child'), 'NO_NODE', 'create', '/none/child'],
        [() => zk.create('/a'), 'NODE_EXISTS', 'create', '/a'],
        [() => zk.delete('/a'), 'NOT_EMPTY', 'delete', '/a'],
        [() => zk.set('/a', '', { version: 9 }), 'BAD_VERSION', 'set', '/a'],
        [() => zk.delete('/a/b', { version: 9 }), 'BAD_VERSION', 'delete', '/a/b'],
        [() => zk.setAcl('/a', readAcl, { version: 9 }), 'BAD_VERSION', 'setAcl', '/a'],
        [() => zk.create('/e/child'), 'NO_CHILDREN_FOR_EPHEMERALS', 'create', '/e/child'],
        [() => zk.create('/acl', '', { acl: [] }), 'INVALID_ACL', 'create', '/acl'],
        [() => zk.create('/acl', '', { acl: creatorAcl }), 'INVALID_ACL', 'create', '/acl'],
        [() => zk.removeWatches('/a', 'any'), 'NO_WATCHER', 'removeWatches', '/a'],
      ];
      for (const [run, code, operation, path] of cases) {
        await expect(run(), `${operation} ${path}`).rejects.toMatchObject({
          code,
          operation,
          path,
          kind: 'state',
          outcome: 'not-applied',
          message: expect.stringContaining(`${operation} ${path}: `),
        });
      }
    });

    test('is given for what is no path, mode or TTL, before anything is sent', async () => {
      const zk = await suite.fresh();
      const { lastZxid } = zk;
      for (const path of ['', 'a', '/a/', '/a//b', '/a/../b', '/a\0', '//', undefined, 7]) {
        const wrong = path as string;
        for (const call of [
          () => zk.get(wrong),
          () => zk.exists(wrong),
          () => zk.children(wrong),
          () => zk.create(wrong),
          () => zk.set(wrong, ''),
          () => zk.delete(wrong),
          () => zk.getAcl(wrong),
          () => zk.setAcl(wrong, readAcl),
          () => zk.countDescendants(wrong),
          () => zk.ephemerals(wrong),
          () => zk.sync(wrong),
          () => zk.hasWatch(wrong, 'any'),
          () => zk.removeWatches(wrong, 'any'),
          async () => zk.watch(wrong),
          async () => zk.under(wrong),
          async () => zk.transaction().delete(wrong),
          async () => zk.readBatch().get(wrong),
        ]) {
          if (path === undefined && String(call).match(/sync|ephemerals/)) continue;
          await expect(call(), `${String(path)} ${String(call)}`).rejects.toMatchObject({
            code: 'BAD_ARGUMENTS',
          });
        }
      }
      for (const options of [
        { mode: 'nonsense' as 'persistent' },
        { ttlMs: 0 },
        { ttlMs: -1 },
        { ttlMs: 1.5 },
        { ttlMs: 1, mode: 'ephemeral' },
        { ttlMs: 1, mode: 'container' },
      ] as const) {
        await expect(zk.create('/x', '', options)).rejects.toMatchObject({ code: 'BAD_ARGUMENTS' });
      }
      await zk.sync();
      expect(zk.lastZxid).toBe(lastZxid);
    });

    test('is given for data that is none', async () => {
      const zk = await suite.fresh();
      await zk.create('/a');
      for (const data of [7, {}, true]) {
        const wrong = data as unknown as string;
        await expect(zk.create('/x', wrong)).rejects.toBeInstanceOf(TypeError);
        await expect((async () => zk.set('/a', wrong))()).rejects.toBeInstanceOf(TypeError);
      }
    });

    test('is given for a request that no server takes; the session stays well', async () => {
      const zk = await suite.fresh();
      await expect(zk.create('/big', new Uint8Array(2_000_000))).rejects.toMatchObject({
        code: 'REQUEST_TOO_LARGE',
        outcome: 'not-applied',
      });
      await zk.create('/large', new Uint8Array(1_000_000));
      expect((await zk.get('/large')).data.byteLength).toBe(1_000_000);
    });

    test('is given for a quota that is exceeded', async () => {
      const zk = await suite.fresh();
      const root = await suite.connect({ auth: [{ scheme: 'digest', auth: SUPER }] });
      await zk.create('/limited');
      const quota = `/zookeeper/quota${zk.chroot}/limited`;
      await root.ensurePath(quota);
      await root.create(
        `${quota}/zookeeper_limits`,
        'count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=2',
      );
      await root.create(`${quota}/zookeeper_stats`, 'count=1,bytes=0');
      await zk.create('/limited/1');
      await expect(zk.create('/limited/2')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
      await root.deleteTree(`/zookeeper/quota${zk.chroot}`);
    });

    test('is given for a reconfiguration where there is none', async () => {
      const zk = await suite.connect({ auth: [{ scheme: 'digest', auth: SUPER }] });
      await expect(zk.reconfig({ leaving: ['9'] })).rejects.toMatchObject({
        operation: 'reconfig',
        kind: 'state',
        outcome: 'not-applied',
      });
    });
  });

  describe('permission', () => {
    test('is refused to others, and given with the credentials', async () => {
      const owner = await suite.fresh({ auth: [{ scheme: 'digest', auth: 'owner:secret' }] });
      const stranger = await suite.beside(owner);
      await owner.create('/mine', 'x', { acl: creatorAcl });
      for (const [operation, call] of Object.entries({
        get: () => stranger.get('/mine'),
        set: () => stranger.set('/mine', 'y'),
        children: () => stranger.children('/mine'),
        create: () => stranger.create('/mine/child'),
        getAcl: () => stranger.getAcl('/mine'),
        setAcl: () => stranger.setAcl('/mine', readAcl),
      })) {
        await expect(call(), operation).rejects.toMatchObject({ code: 'NO_AUTH', operation });
      }
      await stranger.addAuth('digest', 'owner:secret');
      expect((await stranger.get('/mine')).text()).toBe('x');
    });

    test('of one kind allows no other', async () => {
      const zk = await suite.fresh();
      await zk.create('/r', 'x', {
        acl: [{ perms: Permission.read, scheme: 'world', id: 'anyone' }],
      });
      expect((await zk.get('/r')).text()).toBe('x');
      await expect(zk.set('/r', 'y')).rejects.toMatchObject({ code: 'NO_AUTH' });
    });

    test('of the super user is for everything', async () => {
      const owner = await suite.fresh({ auth: [{ scheme: 'digest', auth: 'owner:secret' }] });
      const root = await suite.beside(owner, { auth: [{ scheme: 'digest', auth: SUPER }] });
      await owner.create('/mine', 'x', { acl: creatorAcl });
      expect((await root.get('/mine')).text()).toBe('x');
    });

    test('with credentials of a scheme that no server knows ends the session', async () => {
      await expect(
        suite.connect({ auth: [{ scheme: 'nonsense', auth: 'x' }] }),
      ).rejects.toMatchObject({ code: 'AUTH_FAILED' });
      const zk = await suite.connect();
      await expect(zk.addAuth('nonsense', 'x')).rejects.toMatchObject({ code: 'AUTH_FAILED' });
      expect([zk.state, zk.lost.aborted]).toEqual(['auth-failed', true]);
      await expect(zk.get('/')).rejects.toMatchObject({ code: 'AUTH_FAILED' });
    });
  });
}
