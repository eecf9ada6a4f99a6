import { NoAuthError, NodeExistsError, NoNodeError, readAcl } from '@zooid/client';
import { expect, test } from 'vitest';
import { createProtected, guaranteedDelete, sequenceOf } from '../src/index.ts';
import { forEachCut } from './support/cuts.ts';
import { childrenOf, startSetup, untilChildren } from './support/setup.ts';

test('the name begins with an id of its own, and parents are made', async () => {
  await using setup = await startSetup();
  const zk = await setup.connect();
  const { path, stat } = await createProtected(zk, '/a/b/n-', 'data', {
    mode: 'ephemeral-sequential',
  });
  expect(path).toMatch(/^\/a\/b\/_c_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-n-0000000000$/);
  expect(await zk.exists(path)).toEqual(stat);
  const fixed = await createProtected(zk, '/a/b/n', undefined, { id: 'me' });
  expect(fixed.path).toBe('/a/b/_c_me-n');
  expect((await zk.get(fixed.path)).data).toHaveLength(0);
});

test('what the server refuses is told', async () => {
  await using setup = await startSetup();
  const zk = await setup.connect();
  await createProtected(zk, '/a/n', undefined, { id: 'me' });
  await expect(createProtected(zk, '/a/n', undefined, { id: 'me' })).rejects.toThrow(
    NodeExistsError,
  );
  await zk.create('/read-only', undefined, { acl: readAcl });
  await expect(createProtected(zk, '/read-only/n', undefined)).rejects.toThrow(NoAuthError);
});

test('wherever the connection breaks there is one znode, and it is told', async () => {
  await using setup = await startSetup({ proxy: false });
  const observer = await setup.connect();
  let last = -1;
  const cutCount = await forEachCut(setup.server, async (zk, cut) => {
    const { path, stat } = await createProtected(zk, '/a/b/n-', 'data', {
      mode: 'persistent-sequential',
    });
    expect(await childrenOf(observer, '/a/b'), JSON.stringify(cut)).toEqual([
      path.slice('/a/b/'.length),
    ]);
    expect((await observer.exists(path))?.czxid).toBe(stat.czxid);
    // Twice made and once removed would show here.
    expect(sequenceOf(path), JSON.stringify(cut)).toBe(last + 1);
    last = sequenceOf(path);
    expect(await guaranteedDelete(zk, path)).toBe(true);
    expect(await childrenOf(observer, '/a/b'), JSON.stringify(cut)).toEqual([]);
  });
  expect(cutCount).toBeGreaterThan(10);
});

test('a znode that an older session made under the same id is replaced', async () => {
  await using setup = await startSetup({ proxy: false });
  const [older, observer] = await setup.connectMany(2);
  let replacedCount = 0;
  const cutCount = await forEachCut(setup.server, async (zk, cut) => {
    if (cut === undefined || cut.direction === 'to-client') {
      // As if that session's process had died: the znode is there until it expires.
      const left = await createProtected(older!, '/a/n-', undefined, {
        mode: 'ephemeral-sequential',
        id: 'me',
      });
      const created = await createProtected(zk, '/a/n-', undefined, {
        mode: 'ephemeral-sequential',
        id: 'me',
      });
      expect((await observer!.exists(created.path))?.ephemeralOwner).toBe(zk.session.id);
      if ((await observer!.exists(left.path)) === undefined) replacedCount++;
      await guaranteedDelete(observer!, left.path);
      await guaranteedDelete(observer!, created.path);
    }
  });
  expect(cutCount).toBeGreaterThan(0);
  expect(replacedCount).toBeGreaterThan(0);
});

test('one that is given up leaves nothing, whenever that is', async () => {
  await using setup = await startSetup();
  const zk = await setup.connect();
  await zk.create('/a');
  for (const when of ['before', 'at once'] as const) {
    const stop = new AbortController();
    const reason = new Error('enough');
    if (when === 'before') stop.abort(reason);
    const creating = createProtected(zk, '/a/n', undefined, { signal: stop.signal });
    stop.abort(reason);
    await expect(creating).rejects.toBe(reason);
  }
  await untilChildren(zk, '/a', 0);
});

test('a guaranteed delete takes it as done that the znode is not there, and tells of what keeps it from going', async () => {
  await using setup = await startSetup();
  const zk = await setup.connect();
  expect(await guaranteedDelete(zk, '/nothing')).toBe(true);
  await zk.create('/a');
  await zk.create('/a/b');
  await expect(guaranteedDelete(zk, '/a')).rejects.toMatchObject({ code: 'NOT_EMPTY' });
  await expect(guaranteedDelete(zk, '/a/b', { version: 7 })).rejects.toMatchObject({
    code: 'BAD_VERSION',
  });
  await zk.close();
  expect(await guaranteedDelete(zk, '/a/b')).toBe(false);
});

test('a guaranteed delete waits for the connection', async () => {
  await using setup = await startSetup();
  const [zk, observer] = await setup.connectMany(2);
  await zk!.create('/a');
  await setup.server.stop({ ending: 'reset' });
  const deleting = guaranteedDelete(zk!, '/a');
  await setup.server.start();
  expect(await deleting).toBe(true);
  await expect(observer!.get('/a')).rejects.toThrow(NoNodeError);
});
