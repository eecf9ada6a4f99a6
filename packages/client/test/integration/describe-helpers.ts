import { describe, expect, test } from 'vitest';
import { creatorAcl } from '../../src/index.ts';
import type { Suite } from './suite-server.ts';

export function describeHelpers(suite: Suite): void {
  describe('ensurePath', () => {
    test('creates what is missing, once', async () => {
      const zk = await suite.fresh();
      expect(await zk.ensurePath('/a/b/c')).toBe(true);
      expect(await zk.ensurePath('/a/b/c')).toBe(false);
      expect(await zk.ensurePath('/')).toBe(false);
      expect(await zk.ensurePath('/a/b/d', { mode: 'container' })).toBe(true);
      expect(await zk.exists('/a/b/d')).toBeDefined();
    });

    test('works for many at a time, each of which makes the same path', async () => {
      const zk = await suite.fresh();
      const others = await Promise.all([suite.beside(zk), suite.beside(zk)]);
      const created = await Promise.all(
        [zk, ...others].flatMap((one) =>
          Array.from({ length: 20 }, () => one.ensurePath('/deep/er/and/deeper')),
        ),
      );
      expect(created.filter(Boolean).length).toBeGreaterThan(0);
      expect(await zk.listTree('/')).toEqual([
        '/',
        '/deep',
        '/deep/er',
        '/deep/er/and',
        '/deep/er/and/deeper',
      ]);
    });

    test('makes the chroot itself when that does not exist', async () => {
      const zk = await suite.fresh();
      const below = zk.under('/not/there');
      await expect(below.ensurePath('/x')).rejects.toMatchObject({ code: 'NO_NODE' });
      await zk.ensurePath('/not');
      await below.ensurePath('/x');
      expect(await zk.exists('/not/there/x')).toBeDefined();
    });

    test('says what keeps it from it', async () => {
      const zk = await suite.fresh();
      await zk.create('/e', '', { mode: 'ephemeral' });
      await expect(zk.ensurePath('/e/x/y')).rejects.toMatchObject({
        code: 'NO_CHILDREN_FOR_EPHEMERALS',
      });
    });
  });

  describe('timeoutMs', () => {
    test('of an update counts for all its steps together', async () => {
      const zk = await suite.fresh();
      await zk.create('/n', '0');
      let rounds = 0;
      const endless = zk.update(
        '/n',
        async () => {
          rounds++;
          // Somebody is faster each time.
          await zk.set('/n', String(rounds));
          return 'mine';
        },
        { timeoutMs: 50, maxAttempts: Number.POSITIVE_INFINITY },
      );
      await expect(endless).rejects.toMatchObject({
        code: 'OPERATION_TIMEOUT',
        operation: 'update',
        path: '/n',
      });
      expect(rounds).toBeGreaterThan(0);
    });
  });

  describe('deleteTree', () => {
    test('removes all, and says how many', async () => {
      const zk = await suite.fresh();
      for (const path of ['/a/b/c', '/a/d', '/a/b/e/f']) await zk.ensurePath(path);
      expect(await zk.deleteTree('/a')).toBe(6);
      expect(await zk.exists('/a')).toBeUndefined();
      await expect(zk.deleteTree('/a')).rejects.toMatchObject({ code: 'NO_NODE' });
    });

    test('finishes though others create and delete below it', async () => {
      const zk = await suite.fresh();
      const other = await suite.beside(zk);
      for (let i = 0; i < 50; i++) await zk.ensurePath(`/a/${i}/x`);
      let isDone = false;
      const busy = (async () => {
        for (let i = 0; !isDone && i < 500; i++) {
          await other.create(`/a/${i % 50}/y${i}`).catch(() => {});
          await other.delete(`/a/${i % 50}/x`).catch(() => {});
        }
      })();
      await zk.deleteTree('/a');
      isDone = true;
      await busy;
      expect(await zk.exists('/a')).toBeUndefined();
    });

    test('stops at what it may not delete, and says so', async () => {
      const owner = await suite.fresh({ auth: [{ scheme: 'digest', auth: 'o:o' }] });
      const stranger = await suite.beside(owner);
      await owner.create('/a', '', { acl: creatorAcl });
      await owner.create('/a/b');
      await expect(stranger.deleteTree('/a')).rejects.toMatchObject({ code: 'NO_AUTH' });
    });
  });

  describe('listing', () => {
    test('gives parents before children, and every znode once', async () => {
      const zk = await suite.fresh();
      for (const path of ['/a/b/c', '/a/d', '/e']) await zk.ensurePath(path);
      const listed = await zk.listTree('/');
      expect([...listed].sort()).toEqual(['/', '/a', '/a/b', '/a/b/c', '/a/d', '/e']);
      for (const path of listed.slice(1)) {
        const parent = path.slice(0, Math.max(1, path.lastIndexOf('/')));
        expect(listed.indexOf(parent)).toBeLessThan(listed.indexOf(path));
      }
      const walked: string[] = [];
      for await (const path of zk.walk('/')) walked.push(path);
      expect([...walked].sort()).toEqual([...listed].sort());
      await expect(zk.listTree('/none')).rejects.toMatchObject({ code: 'NO_NODE' });
      await expect(zk.walk('/none').next()).rejects.toMatchObject({ code: 'NO_NODE' });
    });

    test('leaves out what vanishes meanwhile', async () => {
      const zk = await suite.fresh();
      for (const path of ['/a/x', '/b/x', '/c/x']) await zk.ensurePath(path);
      const walked: string[] = [];
      for await (const path of zk.walk('/')) {
        if (walked.length === 0) await zk.deleteTree('/b');
        walked.push(path);
      }
      expect([...walked].sort()).toEqual(['/', '/a', '/a/x', '/c', '/c/x']);
    });
  });

  describe('waitFor', () => {
    test('gives the stat of what is there, or of what comes', async () => {
      const zk = await suite.fresh();
      await zk.create('/there', 'x');
      expect(await zk.waitFor('/there')).toMatchObject({ dataLength: 1 });
      const waiting = zk.waitFor('/later');
      await (await suite.beside(zk)).create('/later', 'xy');
      expect(await waiting).toMatchObject({ dataLength: 2 });
      await suite.untilWatchCount(0);
    });

    test('ends by its time or its signal, and leaves no watch', async () => {
      const zk = await suite.fresh();
      await expect(zk.waitFor('/never', { timeoutMs: 20 })).rejects.toMatchObject({
        code: 'OPERATION_TIMEOUT',
        operation: 'waitFor',
        path: '/never',
      });
      const reason = new Error('enough');
      const controller = new AbortController();
      const waiting = zk.waitFor('/never', { signal: controller.signal });
      await zk.sync();
      controller.abort(reason);
      await expect(waiting).rejects.toBe(reason);
      await expect(zk.waitFor('/never', { signal: controller.signal })).rejects.toBe(reason);
      await suite.untilWatchCount(0);
    });

    test('ends with the session', async () => {
      const zk = await suite.fresh();
      const waiting = zk.waitFor('/never');
      await zk.sync();
      const fate = expect(waiting).rejects.toMatchObject({ code: 'CLOSED' });
      await zk.close();
      await fate;
    });
  });

  describe('update', () => {
    test('loses no change of anybody', async () => {
      const zk = await suite.fresh();
      const others = await Promise.all([suite.beside(zk), suite.beside(zk)]);
      await zk.create('/n', '0');
      await Promise.all(
        [zk, ...others].flatMap((one) =>
          Array.from({ length: 10 }, () =>
            one.update('/n', (now) => String(Number(now.text()) + 1), { maxAttempts: 1_000 }),
          ),
        ),
      );
      expect((await zk.get('/n')).text()).toBe('30');
    });

    test('leaves everything as it is when there is nothing to change', async () => {
      const zk = await suite.fresh();
      await zk.create('/n', '0');
      expect(await zk.update('/n', async () => undefined)).toMatchObject({ version: 0 });
    });

    test('gives up after so many attempts', async () => {
      const zk = await suite.fresh();
      const other = await suite.beside(zk);
      await zk.create('/n', '0');
      let attempts = 0;
      const updating = zk.update(
        '/n',
        async () => {
          attempts++;
          await other.set('/n', 'faster');
          return 'slower';
        },
        { maxAttempts: 3 },
      );
      await expect(updating).rejects.toMatchObject({ code: 'BAD_VERSION' });
      expect([attempts, (await zk.get('/n')).text()]).toEqual([3, 'faster']);
    });
  });
}
