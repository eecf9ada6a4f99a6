import { startTestProxy, startTestServer, type TestServer } from '@zooid/testing';
import { describe, expect, test } from 'vitest';
import type { SessionState, ZooKeeper } from '../../src/index.ts';
import { tcpTransport } from '../../src/transport/tcp-transport.ts';
import { take } from '../integration/suite-server.ts';
import { checkLeaks, client, own } from '../support/leaks.ts';

checkLeaks();

async function startServer(): Promise<TestServer> {
  return own(await startTestServer());
}

/** A session short enough to lose within a test. */
const SHORT = { sessionTimeoutMs: 600, timeoutMs: 5_000, maxReconnectDelayMs: 20 };

/** Whether the server knows the session at this moment. */
function knows(server: TestServer, id: bigint): boolean {
  return server.sessions().some((session) => session.id === id);
}

describe('a server that goes down and comes up', () => {
  test.each(['end', 'reset'] as const)(
    'by %s keeps the session, and calls wait',
    async (ending) => {
      const server = await startServer();
      const zk = await client(server.connectString, { maxReconnectDelayMs: 20 });
      const states = zk.states();
      const { id } = zk.session;
      await zk.create('/mine', 'x', { mode: 'ephemeral' });
      await server.stop({ ending });
      await zk.untilState('suspended');
      const read = zk.get('/mine');
      const write = zk.create('/later');
      expect(zk.pendingCount).toBe(2);
      await server.start();
      expect((await read).text()).toBe('x');
      expect((await write).path).toBe('/later');
      expect(zk.session.id).toBe(id);
      expect(await take(states, 2)).toEqual(['suspended', 'connected']);
    },
  );

  test('while it is down, calls end by their time, and closing is at once', async () => {
    const server = await startServer();
    const zk = await client(server.connectString);
    await server.stop();
    await zk.untilState('suspended');
    await expect(zk.create('/x', '', { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'OPERATION_TIMEOUT',
      outcome: 'not-applied',
    });
    const waiting = zk.get('/');
    const fate = expect(waiting).rejects.toMatchObject({ code: 'CLOSED', outcome: 'not-applied' });
    await zk.close();
    await fate;
    expect(zk.pendingCount).toBe(0);
  });
});

describe('silence instead of an end', () => {
  test.each(['to-client', 'to-server', undefined] as const)(
    'is noticed (%s), and the session goes on when it is over',
    async (direction) => {
      const server = await startServer();
      const zk = await client(server.connectString, { ...SHORT, sessionTimeoutMs: 3_000 });
      const { id } = zk.session;
      server.partition({ direction });
      await zk.untilState('suspended');
      await server.heal();
      await zk.untilState('connected');
      expect(zk.session.id).toBe(id);
      expect(await zk.exists('/')).toBeDefined();
    },
  );

  test('for as long as the session may live ends it here, while the server still has it', async () => {
    const server = await startServer();
    const zk = await client(server.connectString, SHORT);
    const { id } = zk.session;
    const waiting = zk.get('/');
    await waiting;
    server.partition();
    let isKnownAtTheEnd: boolean | undefined;
    zk.lost.addEventListener('abort', () => {
      isKnownAtTheEnd = knows(server, id);
    });
    const call = zk.create('/x');
    const fate = expect(call).rejects.toMatchObject({ outcome: 'unknown' });
    await zk.untilState('expired');
    await fate;
    expect(isKnownAtTheEnd).toBe(true);
    expect(zk.lost.reason).toMatchObject({ code: 'SESSION_EXPIRED' });
    await expect(zk.get('/')).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
    await server.heal();
  });

  test('of a server that takes a connection while it starts does not cost the session', async () => {
    const server = await startServer();
    const zk = await client(server.connectString, {
      sessionTimeoutMs: 6_000,
      maxReconnectDelayMs: 20,
    });
    const { id } = zk.session;
    // The next connection is taken, and nothing comes of it for ever.
    server.partition();
    const { acceptedCount } = server.traffic;
    server.dropConnections();
    await expect.poll(() => server.traffic.acceptedCount).toBe(acceptedCount + 1);
    const stuck = server.traffic.bytesToServer;
    await expect
      .poll(() => server.traffic.acceptedCount, { timeout: 4_000 })
      .toBe(acceptedCount + 2);
    expect(server.traffic.bytesToServer).toBe(stuck);
    await server.heal();
    await zk.untilState('connected');
    expect(zk.session.id).toBe(id);
  });

  test('of a server that takes connections and says nothing does not hold up a connect', async () => {
    const silent = await startServer();
    silent.partition();
    const server = await startServer();
    const zk = await client(`${silent.connectString},${server.connectString}`, {
      handshakeTimeoutMs: 50,
    });
    expect(zk.state).toBe('connected');
    await silent.heal();
  });
});

describe('a session that expires', () => {
  test('while its client is away is lost on return: watches, calls, and the signal', async () => {
    const server = await startServer();
    const zk = await client(server.connectString, { maxReconnectDelayMs: 20 });
    const states = zk.states();
    const { changed } = await zk.exists('/never', { watch: true });
    const events = zk.watch('/never');
    await events.ready;
    const { id } = zk.session;
    server.refuse();
    server.dropConnections();
    await zk.untilState('suspended');
    await server.expireSession(id);
    const waiting = expect(zk.create('/x')).rejects.toMatchObject({
      code: 'SESSION_EXPIRED',
      outcome: 'not-applied',
    });
    await server.heal();
    await waiting;
    await expect(changed).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
    await expect(events.next()).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
    expect(await take(states, 5)).toEqual(['suspended', 'expired'] satisfies SessionState[]);
    expect(zk.lost.reason).toMatchObject({ code: 'SESSION_EXPIRED' });
  });

  test('under its client ends at once', async () => {
    const server = await startServer();
    const zk = await client(server.connectString);
    await zk.create('/mine', '', { mode: 'ephemeral' });
    await server.expireSession(zk.session.id);
    await zk.untilState('expired');
    const other = await client(server.connectString);
    expect(await other.exists('/mine')).toBeUndefined();
  });
});

describe('servers of an ensemble', () => {
  test('that are behind are passed over: a client never sees an older tree', async () => {
    const [ahead, behind] = [await startServer(), await startServer()];
    behind.refuse();
    const zk = await client(`${ahead.connectString},${behind.connectString}`, {
      maxReconnectDelayMs: 20,
    });
    const { id } = zk.session;
    for (let i = 0; i < 20; i++) await zk.create(`/${i}`);
    await behind.heal();
    const { acceptedCount } = behind.traffic;
    ahead.refuse();
    ahead.dropConnections();
    await expect.poll(() => behind.traffic.acceptedCount).toBeGreaterThan(acceptedCount + 1);
    expect(zk.state).toBe('suspended');
    await ahead.heal();
    expect(await zk.exists('/19')).toBeDefined();
    expect(zk.session.id).toBe(id);
  });

  test('that change are moved to, with the session, its watches and its ephemerals', async () => {
    const server = await startServer();
    const [first, second] = [
      own(await startTestProxy({ target: { port: server.port } })),
      own(await startTestProxy({ target: { port: server.port } })),
    ];
    const zk = await client(first.connectString);
    const { id } = zk.session;
    await zk.create('/mine', '', { mode: 'ephemeral' });
    const { changed } = await zk.get('/mine', { watch: true });
    zk.updateServers(second.connectString);
    await zk.set('/mine', 'x');
    expect(await changed).toMatchObject({ type: 'data-changed' });
    expect([first.traffic.openCount, second.traffic.openCount]).toEqual([0, 1]);
    expect(zk.session.id).toBe(id);
    expect(() => zk.updateServers('')).toThrow();
  });

  test('are found by their names anew at each attempt', async () => {
    const server = await startServer();
    let addresses: readonly string[] = ['127.0.0.2'];
    const asked: string[] = [];
    const transport = tcpTransport({
      lookup: async (host) => {
        asked.push(host);
        if (asked.length === 3) addresses = ['127.0.0.1'];
        return addresses;
      },
    });
    const zk = await client(`zk.test:${server.port}`, { transport, maxReconnectDelayMs: 5 });
    expect(asked).toEqual(['zk.test', 'zk.test', 'zk.test']);
    addresses = ['127.0.0.2', '127.0.0.1'];
    server.dropConnections();
    await zk.untilState('suspended');
    await zk.untilState('connected');
    expect(asked).toHaveLength(4);
  });
});

describe('closing', () => {
  test('at any moment of connecting leaves nothing', async () => {
    const server = await startServer();
    server.delay(10);
    for (const afterMs of [0, 1, 5, 15, 25, 35, 45]) {
      const controller = new AbortController();
      const connecting = client(server.connectString, { signal: controller.signal });
      const timer = setTimeout(() => controller.abort(), afterMs);
      await connecting.then(
        (zk: ZooKeeper) => zk.close(),
        (error: unknown) => expect(error).toMatchObject({ name: 'AbortError' }),
      );
      clearTimeout(timer);
    }
    await server.heal();
  });

  test('does not wait for a server that is silent', async () => {
    const server = await startServer();
    const zk = await client(server.connectString, SHORT);
    server.partition();
    await zk.close();
    expect(zk.state).toBe('closed');
    await server.heal();
  });
});
