import { describe, expect, test } from 'vitest';
import { creatorAcl, openAcl, Permission, readAcl } from '../../src/index.ts';
import type { Suite } from './suite-server.ts';

const EVERYBODY = { perms: Permission.all, scheme: 'world', id: 'anyone' };

export function describeOperations(suite: Suite): void {
  describe('create', () => {
    test('gives path and stat, and the data can be read', async () => {
      const zk = await suite.fresh();
      const created = await zk.create('/a', 'hello');
      expect(created.path).toBe('/a');
      expect(created.stat).toMatchObject({ version: 0, cversion: 0, aversion: 0, dataLength: 5 });
      expect(created.stat.ephemeralOwner).toBe(0n);
      expect(created.stat.czxid).toBe(created.stat.mzxid);
      const read = await zk.get('/a');
      expect([read.text(), read.isNull]).toEqual(['hello', false]);
      expect(read.stat).toEqual(created.stat);
    });

    test('tells no data from empty data, and takes bytes as they are', async () => {
      const zk = await suite.fresh();
      await zk.create('/null', null);
      await zk.create('/empty', '');
      await zk.create('/none');
      await zk.create('/bytes', Uint8Array.of(0, 255, 128));
      const read = await Promise.all(
        ['/null', '/empty', '/none', '/bytes'].map((at) => zk.get(at)),
      );
      expect(read.map(({ isNull }) => isNull)).toEqual([true, false, false, false]);
      expect(read.map(({ data }) => [...data])).toEqual([[], [], [], [0, 255, 128]]);
    });

    test('of a sequential znode appends ten digits, one more each time', async () => {
      const zk = await suite.fresh();
      const paths: string[] = [];
      for (const mode of ['persistent-sequential', 'ephemeral-sequential'] as const) {
        paths.push((await zk.create('/s-', '', { mode })).path);
      }
      expect(paths).toEqual(['/s-0000000000', '/s-0000000001']);
      await zk.create('/dir');
      const inside = await zk.create('/dir/', '', { mode: 'persistent-sequential' });
      expect(inside.path).toBe('/dir/0000000000');
    });

    test('of an ephemeral znode ends it with its session', async () => {
      const zk = await suite.fresh();
      const other = await suite.beside(zk);
      const { stat } = await zk.create('/mine', '', { mode: 'ephemeral' });
      expect(stat.ephemeralOwner).toBe(zk.session.id);
      expect(await zk.ephemerals()).toEqual(['/mine']);
      const { changed } = await other.exists('/mine', { watch: true });
      await zk.close();
      expect(await changed).toEqual({ type: 'deleted', path: '/mine' });
    });

    test('of a container and of znodes that live for some time works in every form', async () => {
      const zk = await suite.fresh();
      const container = await zk.create('/c', '', { mode: 'container' });
      const ttl = await zk.create('/ttl', 'x', { ttlMs: 60_000 });
      const sequential = await zk.create('/ttl-', 'x', {
        ttlMs: 60_000,
        mode: 'persistent-sequential',
      });
      expect([container.path, ttl.path, sequential.path]).toEqual([
        '/c',
        '/ttl',
        '/ttl-0000000002',
      ]);
      // Servers tell of sessions only.
      for (const { stat } of [container, ttl, sequential]) expect(stat.ephemeralOwner).toBe(0n);
    });

    test('gives the ACL that was asked for', async () => {
      const zk = await suite.fresh({ auth: [{ scheme: 'digest', auth: 'me:secret' }] });
      await zk.create('/open');
      await zk.create('/read', '', { acl: readAcl });
      await zk.create('/mine', '', { acl: creatorAcl });
      expect((await zk.getAcl('/open')).acl).toEqual(openAcl);
      expect((await zk.getAcl('/read')).acl).toEqual([{ ...EVERYBODY, perms: Permission.read }]);
      const [own] = (await zk.getAcl('/mine')).acl;
      expect(own).toMatchObject({ perms: Permission.all, scheme: 'digest' });
      expect(own?.id).toMatch(/^me:/);
    });
  });

  describe('reading', () => {
    test('exists gives the stat, or nothing', async () => {
      const zk = await suite.fresh();
      const { stat } = await zk.create('/a', 'x');
      expect(await zk.exists('/a')).toEqual(stat);
      expect(await zk.exists('/b')).toBeUndefined();
    });

    test('children gives names and the stat of the parent', async () => {
      const zk = await suite.fresh();
      for (const name of ['x', 'y', 'ü/deep'.slice(0, 1)]) await zk.create(`/${name}`);
      const { names, stat } = await zk.children('/');
      expect([...names].sort()).toEqual(['x', 'y', 'ü']);
      expect(stat).toMatchObject({ numChildren: 3, cversion: 3 });
    });

    test('countDescendants counts all levels, without the znode itself', async () => {
      const zk = await suite.fresh();
      for (const path of ['/a', '/a/b', '/a/b/c', '/d']) await zk.create(path);
      expect(await zk.countDescendants('/')).toBe(4);
      expect(await zk.countDescendants('/a')).toBe(2);
    });

    test('ephemerals are those of this session at and below a path, not of a name that begins alike', async () => {
      const zk = await suite.fresh();
      const other = await suite.beside(zk);
      for (const path of ['/a', '/ab']) await zk.create(path);
      for (const path of ['/a/1', '/ab/2', '/3']) await zk.create(path, '', { mode: 'ephemeral' });
      await other.create('/a/not-mine', '', { mode: 'ephemeral' });
      expect(await zk.ephemerals('/a')).toEqual(['/a/1']);
      expect([...(await zk.ephemerals())].sort()).toEqual(['/3', '/a/1', '/ab/2']);
    });

    test('whoAmI names the address and every credential', async () => {
      const zk = await suite.fresh({ auth: [{ scheme: 'digest', auth: 'me:secret' }] });
      const identities = await zk.whoAmI();
      expect(identities.map(({ authScheme }) => authScheme).sort()).toEqual(['digest', 'ip']);
      expect(identities.find(({ authScheme }) => authScheme === 'digest')?.user).toMatch(/^me/);
    });

    test('sync passes, and what another session wrote before is seen after it', async () => {
      const zk = await suite.fresh();
      const other = await suite.beside(zk);
      await other.create('/from-other');
      await zk.sync();
      expect(await zk.exists('/from-other')).toBeDefined();
    });

    test('getConfig works whatever the chroot', async () => {
      const zk = await suite.fresh();
      const whole = await suite.connect();
      expect((await zk.getConfig()).text()).toBe((await whole.getConfig()).text());
      const { unwatch } = await zk.getConfig({ watch: true });
      await unwatch();
    });

    test('json gives what was written as JSON', async () => {
      const zk = await suite.fresh();
      await zk.create('/json', JSON.stringify({ a: [1, 'ü'] }));
      expect((await zk.get('/json')).json()).toEqual({ a: [1, 'ü'] });
    });

    test('is in the order of the calls, also of a thousand in one turn', async () => {
      const zk = await suite.fresh();
      await zk.create('/n', '0');
      const results = await Promise.all(
        Array.from({ length: 1_000 }, (_, i) =>
          i % 2 === 0 ? zk.set('/n', String(i)).then(() => i) : zk.get('/n').then((n) => n.text()),
        ),
      );
      for (let i = 1; i < 1_000; i += 2) expect(results[i]).toBe(String(i - 1));
    });
  });

  describe('changing', () => {
    test('set changes data and version', async () => {
      const zk = await suite.fresh();
      await zk.create('/a', '1');
      expect(await zk.set('/a', '22')).toMatchObject({ version: 1, dataLength: 2 });
      expect(await zk.set('/a', null, { version: 1 })).toMatchObject({ version: 2, dataLength: 0 });
      expect((await zk.get('/a')).isNull).toBe(true);
    });

    test('set takes version 0 as a version, not as none', async () => {
      const zk = await suite.fresh();
      await zk.create('/a', '1');
      await zk.set('/a', '2', { version: 0 });
      await expect(zk.set('/a', '3', { version: 0 })).rejects.toMatchObject({
        code: 'BAD_VERSION',
      });
    });

    test('delete removes, with a version or without', async () => {
      const zk = await suite.fresh();
      await zk.create('/a');
      await zk.create('/b');
      expect(await zk.delete('/a')).toBeUndefined();
      await zk.delete('/b', { version: 0 });
      expect((await zk.children('/')).names).toEqual([]);
    });

    test('setAcl changes the ACL and its version', async () => {
      const zk = await suite.fresh();
      await zk.create('/a');
      expect(await zk.setAcl('/a', readAcl)).toMatchObject({ aversion: 1 });
      const { acl, stat } = await zk.getAcl('/a');
      expect(acl).toEqual([{ ...EVERYBODY, perms: Permission.read }]);
      expect(stat.aversion).toBe(1);
    });
  });

  describe('a transaction', () => {
    test('does all at one zxid, and gives each result by its type', async () => {
      const zk = await suite.fresh();
      await zk.create('/old', 'x');
      await zk.create('/gone');
      const [created, sequential, set, deleted, checked, container, ttl] = await zk
        .transaction()
        .create('/new', 'n')
        .create('/s-', '', { mode: 'ephemeral-sequential' })
        .set('/old', 'y', { version: 0 })
        .delete('/gone', { version: 0 })
        .check('/old', 1)
        .create('/c', '', { mode: 'container' })
        .create('/ttl', '', { ttlMs: 1_000_000 })
        .commit();
      // Not every server tells the stat of a plain znode.
      expect(created.path).toBe('/new');
      if (created.stat !== undefined) expect(created.stat).toMatchObject({ dataLength: 1 });
      expect(sequential.path).toMatch(/^\/s-\d{10}$/);
      expect(set.version).toBe(1);
      expect([deleted, checked]).toEqual([undefined, undefined]);
      expect([container.path, ttl.path]).toEqual(['/c', '/ttl']);
      const stats = await Promise.all(['/new', '/old', '/c'].map((path) => zk.exists(path)));
      expect(new Set(stats.map((stat) => stat?.mzxid)).size).toBe(1);
    });

    test('that fails changes nothing, and says which operation it was', async () => {
      const zk = await suite.fresh();
      await zk.create('/a', 'x');
      const failing = zk
        .transaction()
        .create('/b')
        .set('/a', 'y', { version: 7 })
        .create('/c')
        .commit();
      await expect(failing).rejects.toMatchObject({
        name: 'TransactionError',
        code: 'BAD_VERSION',
        index: 1,
        path: '/a',
        outcome: 'not-applied',
        cause: { name: 'BadVersionError', operation: 'set', path: '/a' },
      });
      expect((await zk.children('/')).names).toEqual(['a']);
      expect((await zk.get('/a')).text()).toBe('x');
    });

    test('takes version 0 of check, set and delete for a version', async () => {
      const zk = await suite.fresh();
      await zk.create('/a');
      await zk.set('/a', '1');
      for (const failing of [
        zk.transaction().check('/a', 0),
        zk.transaction().set('/a', 'x', { version: 0 }),
        zk.transaction().delete('/a', { version: 0 }),
      ]) {
        await expect(failing.commit()).rejects.toMatchObject({ code: 'BAD_VERSION', index: 0 });
      }
      await zk.transaction().check('/a').commit();
      await expect(zk.transaction().check('/none').commit()).rejects.toMatchObject({
        code: 'NO_NODE',
      });
    });

    test('may be empty, and may be committed again', async () => {
      const zk = await suite.fresh();
      expect(await zk.transaction().commit()).toEqual([]);
      const adding = zk.transaction().create('/s-', '', { mode: 'persistent-sequential' });
      const [first] = await adding.commit();
      const [second] = await adding.commit();
      expect([first.path, second.path]).toEqual(['/s-0000000000', '/s-0000000001']);
    });
  });

  describe('a batch of reads', () => {
    test('gives each result, or its own error, from one state of the tree', async () => {
      const zk = await suite.fresh();
      await zk.create('/a', 'x');
      await zk.create('/a/child');
      const [data, absent, names] = await zk.readBatch().get('/a').get('/b').children('/a').run();
      expect(data.status === 'fulfilled' && data.value.text()).toBe('x');
      expect(data.status === 'fulfilled' && data.value.stat.numChildren).toBe(1);
      expect(absent).toMatchObject({
        status: 'rejected',
        reason: { code: 'NO_NODE', operation: 'get', path: '/b' },
      });
      expect(names).toEqual({ status: 'fulfilled', value: ['child'] });
    });

    test('may be empty', async () => {
      const zk = await suite.fresh();
      expect(await zk.readBatch().run()).toEqual([]);
    });
  });
}
