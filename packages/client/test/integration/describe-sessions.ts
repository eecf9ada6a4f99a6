import { startTestProxy } from '@zooid/testing';
import { describe, expect, test } from 'vitest';
import { ConnectStringError, connect } from '../../src/index.ts';
import { client, own } from '../support/leaks.ts';
import { type Suite, take } from './suite-server.ts';

export function describeSessions(suite: Suite): void {
  describe('a session', () => {
    test('has an id, a password and the timeout that the server granted', async () => {
      const short = await suite.connect({ sessionTimeoutMs: 1, timeoutMs: 5_000 });
      const long = await suite.connect({ sessionTimeoutMs: 3_600_000 });
      expect([short.session.timeoutMs, long.session.timeoutMs]).toEqual([4_000, 40_000]);
      expect(short.session.id).not.toBe(0n);
      expect(short.session.password).toHaveLength(16);
      expect(short.state).toBe('connected');
    });

    test('tells of its states until the last', async () => {
      const zk = await suite.connect();
      const states = zk.states();
      const stopped = zk.states({ signal: AbortSignal.abort() });
      expect(await stopped.next()).toMatchObject({ done: true });
      const closed = zk.untilState('closed');
      await zk.close();
      expect(await take(states, 5)).toEqual(['closed']);
      expect(await closed).toBe('closed');
      expect([zk.state, zk.lost.aborted]).toEqual(['closed', true]);
      expect(zk.lost.reason).toMatchObject({ code: 'CLOSED' });
      expect(await zk.states().next()).toMatchObject({ done: true });
      await expect(zk.untilState('connected')).rejects.toMatchObject({ code: 'CLOSED' });
    });

    test('has its states listened to by nobody when the loop is left', async () => {
      const zk = await suite.connect();
      const controller = new AbortController();
      const aborted = zk.states({ signal: controller.signal });
      const next = aborted.next();
      controller.abort();
      expect(await next).toMatchObject({ done: true });
      const left = zk.states();
      await left.return?.();
      expect(await left.next()).toMatchObject({ done: true });
    });

    test('that is closed refuses every call, and closing again is harmless', async () => {
      const zk = await suite.fresh();
      await zk.close();
      await zk.close();
      for (const call of [
        () => zk.get('/'),
        () => zk.create('/x'),
        () => zk.addAuth('digest', 'a:b'),
        () => zk.watch('/').ready,
        () => zk.watch('/').next(),
        () => zk.transaction().create('/x').commit(),
        () => zk.ensurePath('/x'),
        () => zk.waitFor('/x'),
      ]) {
        await expect(call(), String(call)).rejects.toMatchObject({
          code: 'CLOSED',
          kind: 'unrecoverable',
          outcome: 'not-applied',
        });
      }
    });

    test('is closed at the end of its block', async () => {
      let state = '';
      {
        await using zk = await connect(suite.address);
        void zk.untilState('closed').then((last) => {
          state = last;
        });
      }
      expect(state).toBe('closed');
    });

    test('has calls answered that were made before it is closed', async () => {
      const zk = await suite.fresh();
      const calls = Array.from({ length: 100 }, (_, i) => zk.create(`/${i}`));
      await zk.close();
      expect(await Promise.all(calls)).toHaveLength(100);
    });

    test('can be taken up by another client, with its ephemerals', async () => {
      const proxy = own(await startTestProxy({ target: { port: suite.server.port } }));
      const { chroot } = await suite.fresh();
      const first = (await client(proxy.connectString, { maxReconnectDelayMs: 20 })).under(chroot);
      await first.create('/mine', '', { mode: 'ephemeral' });
      // While it could connect it would take the session back, and so on: who has it when one of them closes would be chance.
      proxy.refuse();
      proxy.dropConnections();
      await first.untilState('suspended');
      const second = await suite.beside(first, { session: first.session });
      expect(second.session.id).toBe(first.session.id);
      expect(await second.ephemerals()).toEqual(['/mine']);
      await second.close();
      const read = first.get('/');
      const refused = expect(read).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
      await proxy.heal();
      await refused;
      expect(first.state).toBe('expired');
    });

    test('is with the client that took it up last: the connection of the one before ends', async () => {
      const first = await suite.fresh();
      const states = first.states();
      const second = await suite.beside(first, { session: first.session });
      expect(await take(states, 1)).toEqual(['suspended']);
      expect(second.session.id).toBe(first.session.id);
    });

    test('with a wrong password is one that has expired', async () => {
      const zk = await suite.fresh();
      const { id } = zk.session;
      const session = { id, password: new Uint8Array(16) };
      await expect(suite.connect({ session })).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
      expect(await zk.exists('/')).toBeDefined();
    });

    test('that was closed cannot be taken up again', async () => {
      const zk = await suite.connect();
      const { session } = zk;
      await zk.close();
      await expect(suite.connect({ session })).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
    });
  });

  describe('connecting', () => {
    test('to a chroot sees that part as the whole', async () => {
      const zk = await suite.fresh();
      await zk.create('/x', 'inside');
      const below = await client(`${suite.address}${zk.chroot}`);
      expect(below.chroot).toBe(zk.chroot);
      expect((await below.get('/x')).text()).toBe('inside');
      expect((await below.children('/')).names).toEqual(['x']);
      expect((await below.create('/s-', '', { mode: 'ephemeral-sequential' })).path).toMatch(
        /^\/s-\d{10}$/,
      );
      expect(await below.listTree('/')).toHaveLength(3);
      expect((await suite.connect()).chroot).toBe('/');
    });

    test('to what is no address says what is wrong with it', async () => {
      for (const servers of ['', ':2181', 'host:port', 'a:1/x/', '[::1:2181']) {
        await expect(connect(servers)).rejects.toBeInstanceOf(ConnectStringError);
      }
    });

    test('where nobody listens fails in time, and says why', async () => {
      await expect(connect('127.0.0.1:1', { timeoutMs: 50 })).rejects.toMatchObject({
        code: 'CONNECT_TIMEOUT',
        message: expect.stringMatching(/127\.0\.0\.1:1.*ECONNREFUSED|refused/s),
      });
    });

    test('goes on until one of the servers takes us', async () => {
      const zk = await client(`127.0.0.1:1,${suite.address},127.0.0.1:2`);
      expect(zk.state).toBe('connected');
    });

    test('is given up by a signal', async () => {
      const reason = new Error('enough');
      const controller = new AbortController();
      const connecting = connect('127.0.0.1:1', { signal: controller.signal });
      controller.abort(reason);
      await expect(connecting).rejects.toBe(reason);
      await expect(connect(suite.address, { signal: controller.signal })).rejects.toBe(reason);
    });
  });

  describe('signals and times', () => {
    test('of a thousand calls at a time leave no listener', async () => {
      const zk = await suite.fresh();
      const { signal } = new AbortController();
      await Promise.all(
        Array.from({ length: 1_000 }, () => zk.exists('/', { signal, timeoutMs: 60_000 })),
      );
    });

    test('end a call, which leaves the session well', async () => {
      const zk = await suite.fresh();
      const controller = new AbortController();
      const call = zk.get('/', { signal: controller.signal });
      controller.abort();
      await expect(call).rejects.toMatchObject({ name: 'AbortError' });
      expect(await zk.exists('/')).toBeDefined();
    });
  });
}
