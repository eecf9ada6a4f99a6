import { describe, expect, test } from 'vitest';
import { type Suite, takeEvents } from './suite-server.ts';

export function describeWatches(suite: Suite): void {
  describe('a one-shot watch', () => {
    test('of get, exists and children resolves with the first change after its result', async () => {
      const zk = await suite.fresh();
      const other = await suite.beside(zk);
      await zk.create('/a', '1');
      const data = await zk.get('/a', { watch: true });
      expect(data.text()).toBe('1');
      const existence = await zk.exists('/a', { watch: true });
      expect(existence.stat?.version).toBe(0);
      const children = await zk.children('/a', { watch: true });
      expect(children.names).toEqual([]);
      await other.create('/a/child');
      expect(await children.changed).toEqual({ type: 'children-changed', path: '/a' });
      await other.set('/a', '2');
      expect(await data.changed).toEqual({ type: 'data-changed', path: '/a' });
      expect(await existence.changed).toEqual({ type: 'data-changed', path: '/a' });
      expect(await zk.hasWatch('/a', 'any')).toBe(false);
    });

    test('of a znode that is not there waits for it', async () => {
      const zk = await suite.fresh();
      const { stat, changed } = await zk.exists('/later', { watch: true });
      expect(stat).toBeUndefined();
      await (await suite.beside(zk)).create('/later');
      expect(await changed).toEqual({ type: 'created', path: '/later' });
    });

    test('of a znode that is deleted tells so to all of them', async () => {
      const zk = await suite.fresh();
      await zk.create('/a');
      const watches = [
        await zk.get('/a', { watch: true }),
        await zk.exists('/a', { watch: true }),
        await zk.children('/a', { watch: true }),
      ];
      await zk.delete('/a');
      for (const { changed } of watches) {
        expect(await changed).toEqual({ type: 'deleted', path: '/a' });
      }
    });

    test('is heard before the answer that shows the change', async () => {
      const zk = await suite.fresh();
      await zk.create('/a', '1');
      const { changed } = await zk.get('/a', { watch: true });
      const order: string[] = [];
      void changed.then(() => order.push('event'));
      const [, read] = await Promise.all([zk.set('/a', '2'), zk.get('/a')]);
      order.push(`read ${read.text()}`);
      expect(order).toEqual(['event', 'read 2']);
    });

    test('of a read that found nothing is none', async () => {
      const zk = await suite.fresh();
      await expect(zk.get('/none', { watch: true })).rejects.toMatchObject({ code: 'NO_NODE' });
      await expect(zk.children('/none', { watch: true })).rejects.toMatchObject({
        code: 'NO_NODE',
      });
      expect(await zk.hasWatch('/none', 'any')).toBe(false);
    });

    test('that is given up is gone on the server, unless somebody else here needs it', async () => {
      const zk = await suite.fresh();
      await zk.create('/a');
      const first = await zk.get('/a', { watch: true });
      const second = await zk.exists('/a', { watch: true });
      const children = await zk.children('/a', { watch: true });
      await first.unwatch();
      expect(await zk.hasWatch('/a', 'data')).toBe(true);
      await second.unwatch();
      expect(await zk.hasWatch('/a', 'data')).toBe(false);
      expect(await zk.hasWatch('/a', 'children')).toBe(true);
      await children.unwatch();
      expect(await zk.hasWatch('/a', 'any')).toBe(false);
      await children.unwatch();
      await suite.untilWatchCount(0);
    });

    test('is not taken away by another one that is given up while it is on its way', async () => {
      const zk = await suite.fresh();
      await zk.create('/a');
      const first = await zk.get('/a', { watch: true });
      const [second] = await Promise.all([zk.get('/a', { watch: true }), first.unwatch()]);
      expect(await zk.hasWatch('/a', 'data')).toBe(true);
      await zk.set('/a', 'x');
      expect(await second.changed).toMatchObject({ type: 'data-changed' });
    });

    test('ends with the session', async () => {
      const zk = await suite.fresh();
      const { changed } = await zk.exists('/a', { watch: true });
      await zk.close();
      await expect(changed).rejects.toMatchObject({ code: 'CLOSED' });
    });

    test('by the thousand on one path is one on the server', async () => {
      const zk = await suite.fresh();
      await zk.create('/a');
      const reads = await Promise.all(
        Array.from({ length: 1_000 }, () => zk.get('/a', { watch: true })),
      );
      expect(await suite.watchCount()).toBe(1);
      await zk.delete('/a');
      await Promise.all(reads.map(({ changed }) => changed));
      expect(await suite.watchCount()).toBe(0);
    });
  });

  describe('a lasting watch', () => {
    test('tells of every change of its znode and of its children', async () => {
      const zk = await suite.fresh();
      const other = await suite.beside(zk);
      await using events = zk.watch('/a');
      await events.ready;
      await other.create('/a');
      await other.create('/a/b');
      await other.set('/a/b', 'x');
      await other.set('/a', '1');
      await other.set('/a', '2');
      await other.delete('/a/b');
      await other.delete('/a');
      await other.create('/a');
      expect(await takeEvents(events, 7)).toEqual([
        'created /a',
        'children-changed /a',
        'data-changed /a',
        'data-changed /a',
        'children-changed /a',
        'deleted /a',
        'created /a',
      ]);
    });

    test('that is recursive tells of everything below, and not of children', async () => {
      const zk = await suite.fresh();
      const other = await suite.beside(zk);
      await using events = zk.watch('/', { recursive: true });
      await events.ready;
      await other.create('/a');
      await other.create('/a/b');
      await other.set('/a/b', 'x');
      await other.deleteTree('/a');
      expect(await takeEvents(events, 5)).toEqual([
        'created /a',
        'created /a/b',
        'data-changed /a/b',
        'deleted /a/b',
        'deleted /a',
      ]);
    });

    test('is told in the order of a transaction', async () => {
      const zk = await suite.fresh();
      await using events = zk.watch('/', { recursive: true });
      await events.ready;
      await zk.transaction().create('/a').create('/a/b').set('/a', 'x').delete('/a/b').commit();
      expect(await takeEvents(events, 4)).toEqual([
        'created /a',
        'created /a/b',
        'data-changed /a',
        'deleted /a/b',
      ]);
    });

    test('is gone on the server when it is closed, broken out of, or its signal fires', async () => {
      const zk = await suite.fresh();
      const closed = zk.watch('/closed');
      await closed.ready;
      await closed.close();
      await closed.close();
      const broken = zk.watch('/', { recursive: true });
      await broken.ready;
      await zk.create('/x');
      for await (const event of broken) {
        expect(event.path).toBe('/x');
        break;
      }
      const controller = new AbortController();
      const aborted = zk.watch('/aborted', { signal: controller.signal });
      await aborted.ready;
      expect(await suite.watchCount()).toBeGreaterThan(0);
      controller.abort();
      for await (const _event of aborted) throw new Error('an event');
      for (const path of ['/closed', '/', '/aborted']) {
        expect(await zk.hasWatch(path, 'any'), path).toBe(false);
      }
      await suite.untilWatchCount(0);
    });

    test('is not registered when its signal has fired already', async () => {
      const zk = await suite.fresh();
      const events = zk.watch('/a', { signal: AbortSignal.abort() });
      await events.ready;
      expect(await events.next()).toEqual({ value: undefined, done: true });
      expect(await zk.hasWatch('/a', 'any')).toBe(false);
    });

    test('can be closed before the server has it', async () => {
      const zk = await suite.fresh();
      const events = zk.watch('/a');
      await events.close();
      expect(await zk.hasWatch('/a', 'any')).toBe(false);
      expect(await events.next()).toMatchObject({ done: true });
    });

    test('stays for others at its path when one of them is closed', async () => {
      const zk = await suite.fresh();
      const first = zk.watch('/a');
      await using second = zk.watch('/a');
      await second.ready;
      await first.close();
      await zk.create('/a');
      expect(await takeEvents(second, 1)).toEqual(['created /a']);
    });

    test('stays beside one-shot watches at its path', async () => {
      const zk = await suite.fresh();
      await zk.create('/a');
      await using events = zk.watch('/a');
      await events.ready;
      const { changed, unwatch } = await zk.get('/a', { watch: true });
      await zk.set('/a', '1');
      expect(await changed).toMatchObject({ type: 'data-changed' });
      await unwatch();
      await zk.set('/a', '2');
      await zk.set('/a', '3');
      await zk.create('/a/b');
      expect(await takeEvents(events, 4)).toEqual([
        'data-changed /a',
        'data-changed /a',
        'data-changed /a',
        'children-changed /a',
      ]);
      await zk.sync();
    });

    test('that is recursive stays beside one-shot watches at its path, and below', async () => {
      const zk = await suite.fresh();
      await zk.create('/a');
      await using events = zk.watch('/', { recursive: true });
      await events.ready;
      const data = await zk.get('/', { watch: true });
      const children = await zk.children('/', { watch: true });
      const below = await zk.get('/a', { watch: true });
      await zk.set('/a', '1');
      expect(await below.changed).toMatchObject({ type: 'data-changed' });
      await zk.set('/', '2');
      expect(await data.changed).toMatchObject({ type: 'data-changed' });
      await zk.create('/b');
      expect(await children.changed).toMatchObject({ type: 'children-changed' });
      await zk.set('/a', '3');
      expect(await takeEvents(events, 4)).toEqual([
        'data-changed /a',
        'data-changed /',
        'created /b',
        'data-changed /a',
      ]);
    });

    test('has no gap from a read that found nothing', async () => {
      const zk = await suite.fresh();
      await using events = zk.watch('/a');
      await events.ready;
      await expect(zk.get('/a', { watch: true })).rejects.toMatchObject({ code: 'NO_NODE' });
      await zk.sync();
      await zk.create('/a');
      expect(await takeEvents(events, 1)).toEqual(['created /a']);
    });

    test('ends with an error when events are not taken fast enough', async () => {
      const zk = await suite.fresh();
      const events = zk.watch('/a', { maxQueued: 2 });
      await events.ready;
      await zk.create('/a');
      await zk.set('/a', '1');
      await zk.set('/a', '2');
      expect(await takeEvents(events, 2)).toEqual(['created /a', 'data-changed /a']);
      await expect(events.next()).rejects.toMatchObject({ code: 'WATCH_OVERFLOW', path: '/a' });
      expect(await events.next()).toMatchObject({ done: true });
      await suite.untilWatchCount(0);
    });

    test('ends with the session', async () => {
      const zk = await suite.fresh();
      const events = zk.watch('/a');
      await events.ready;
      const next = events.next();
      await zk.close();
      await expect(next).rejects.toMatchObject({ code: 'CLOSED' });
    });

    test('ends when all watches at its path are removed', async () => {
      const zk = await suite.fresh();
      await zk.create('/a');
      const events = zk.watch('/a');
      await events.ready;
      const { changed } = await zk.children('/a', { watch: true });
      await zk.removeWatches('/a', 'any');
      await expect(events.next()).rejects.toMatchObject({ code: 'NO_WATCHER', path: '/a' });
      await expect(changed).rejects.toMatchObject({ code: 'NO_WATCHER' });
      expect(await zk.hasWatch('/a', 'any')).toBe(false);
    });
  });

  describe('removing watches', () => {
    test('by kind leaves the other kind', async () => {
      const zk = await suite.fresh();
      await zk.create('/a');
      const data = await zk.get('/a', { watch: true });
      const children = await zk.children('/a', { watch: true });
      await zk.removeWatches('/a', 'data');
      await expect(data.changed).rejects.toMatchObject({ code: 'NO_WATCHER' });
      await zk.create('/a/b');
      expect(await children.changed).toMatchObject({ type: 'children-changed' });
    });

    test('does not end one that is set after it', async () => {
      const zk = await suite.fresh();
      await zk.create('/a');
      const before = await zk.get('/a', { watch: true });
      const [, after] = await Promise.all([
        zk.removeWatches('/a', 'data'),
        zk.get('/a', { watch: true }),
      ]);
      await expect(before.changed).rejects.toMatchObject({ code: 'NO_WATCHER' });
      await zk.set('/a', 'x');
      expect(await after.changed).toMatchObject({ type: 'data-changed' });
    });
  });

  describe('paths of events', () => {
    test('are those of the client, whatever its chroot', async () => {
      const zk = await suite.fresh();
      const whole = await suite.connect();
      await zk.create('/deep');
      const below = zk.under('/deep');
      await using events = below.watch('/', { recursive: true });
      await events.ready;
      const { changed } = await below.exists('/x', { watch: true });
      await whole.create(`${zk.chroot}/deep/x`);
      expect(await changed).toEqual({ type: 'created', path: '/x' });
      expect(await takeEvents(events, 1)).toEqual(['created /x']);
    });
  });
}
