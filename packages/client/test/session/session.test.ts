import { performance } from 'node:perf_hooks';
import { ErrorCode, OpCode } from '@zooid/protocol';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Session } from '../../src/session/session.ts';
import type { SessionCoreOptions } from '../../src/session/session-core.ts';
import { Backoff } from '../../src/transport/backoff.ts';
import { ServerList } from '../../src/transport/server-list.ts';
import { NotedWatch, readOf, TIMEOUT_MS } from './core-bench.ts';
import { FakeTransport } from './fake-transport.ts';

const options: SessionCoreOptions = {
  sessionTimeoutMs: TIMEOUT_MS,
  handshakeTimeoutMs: 1_000,
  allowsReadOnly: true,
  usesSasl: false,
  resendsReads: true,
  pendingMax: 1_000,
  requestBytesMax: 1_000_000,
  replyBytesMax: 1_000_000,
  keepsCallSites: false,
};

const sessions: Session[] = [];

/** Which pauses were asked for, by the bound that a full jitter has. */
function session(transport: FakeTransport, hosts: readonly string[] = ['a']) {
  const pauses: number[] = [];
  const backoff = new Backoff({ baseMs: 20, maxMs: 2_000 }, () => 0.999);
  const next = backoff.next.bind(backoff);
  backoff.next = () => {
    const pauseMs = next();
    pauses.push(Math.round(pauseMs));
    return pauseMs;
  };
  const servers = new ServerList(
    hosts.map((host) => ({ host, port: 2181 })),
    () => 0,
  );
  const made = new Session(options, { transport, servers, backoff });
  made.open();
  sessions.push(made);
  return { made, pauses };
}

/** Lets promises and what they bring about settle, without time. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'Date'],
  });
  // Node's own clock is none of those that can be faked.
  vi.spyOn(performance, 'now').mockImplementation(() => Date.now());
});
afterEach(async () => {
  const closed = Promise.all(sessions.splice(0).map((made) => made.close()));
  // The longest wait for an answer to it.
  await vi.advanceTimersByTimeAsync(5_000);
  await closed;
  // The other way round, the spy would put back the clock that it found, which is a false one.
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('a session', () => {
  test('connects without a pause, and leaves no timer when it is closed', async () => {
    const transport = new FakeTransport();
    const { made } = session(transport);
    await settle();
    expect(made.state).toBe('connected');
    const closed = made.close();
    await settle();
    await closed;
    expect(made.state).toBe('closed');
    expect(vi.getTimerCount()).toBe(0);
    expect(transport.openCount).toBe(0);
  });

  test('leaves no timer when it is closed while it waits for its next attempt', async () => {
    const transport = new FakeTransport();
    transport.onConnection = (connection) => connection.close(new Error('refused'));
    const { made } = session(transport);
    await vi.advanceTimersByTimeAsync(200);
    await made.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('leaves no timer when it expires by itself', async () => {
    const transport = new FakeTransport();
    const { made } = session(transport);
    await settle();
    transport.onConnection = (connection) => connection.close(new Error('refused'));
    transport.last.close();
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS + 1);
    expect(made.state).toBe('expired');
    expect(made.lost.aborted).toBe(true);
    expect(made.lost.reason).toMatchObject({ code: 'SESSION_EXPIRED' });
    expect(vi.getTimerCount()).toBe(0);
    const attempts = transport.connections.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(transport.connections).toHaveLength(attempts);
  });
});

describe('attempts to connect', () => {
  test('come ever more slowly while they fail', async () => {
    const transport = new FakeTransport();
    transport.onConnection = (connection) => connection.close(new Error('refused'));
    const { pauses } = session(transport);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(pauses.slice(0, 9)).toEqual([20, 40, 80, 160, 320, 639, 1279, 1998, 1998]);
  });

  test('come ever more slowly, too, when servers take us and let go of us at once', async () => {
    const transport = new FakeTransport();
    const { made, pauses } = session(transport);
    made.watches.addOneShot(new NotedWatch('data', '/x'));
    made.onStateChange((state) => {
      if (state === 'connected') queueMicrotask(() => transport.last.close());
    });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(pauses.slice(0, 6)).toEqual([20, 40, 80, 160, 320, 639]);
    expect(transport.connections.length).toBeLessThan(12);
  });

  test('are quick again after a connection that has lasted', async () => {
    const transport = new FakeTransport();
    transport.onConnection = (connection) => connection.close(new Error('refused'));
    const { pauses } = session(transport);
    await vi.advanceTimersByTimeAsync(2_000);
    transport.onConnection = (connection) => connection.open();
    await vi.advanceTimersByTimeAsync(5_000);
    pauses.length = 0;
    transport.last.close();
    await settle();
    expect(pauses).toEqual([20]);
  });

  test('are bounded by the handshake timeout, and go on to the next server', async () => {
    const transport = new FakeTransport();
    transport.grant = ({ host }) => (host === 'b' ? {} : undefined);
    const { made } = session(transport, ['a', 'c', 'd', 'b']);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(made.state).toBe('connected');
    expect(made.server?.host).toBe('b');
    expect(transport.openCount).toBe(1);
  });

  test('skip servers that are behind, which hang up without an answer', async () => {
    const transport = new FakeTransport();
    const { made } = session(transport, ['a', 'b', 'c']);
    await settle();
    const first = made.server?.host;
    transport.onConnection = (connection) => {
      connection.open();
      if (connection.server.host !== first) queueMicrotask(() => connection.close());
    };
    transport.last.close();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(made.state).toBe('connected');
    expect(made.server?.host).toBe(first);
    expect(transport.connections.length).toBeGreaterThan(3);
  });
});

describe('times', () => {
  test('longer than a timer of Node can be do not fire at once', async () => {
    const transport = new FakeTransport();
    transport.onConnection = () => {};
    const { made } = session(transport);
    const delays = vi.spyOn(globalThis, 'setTimeout');
    const fates: string[] = [];
    const far = { timeoutMs: 2 ** 40 };
    made.call(readOf(), far).catch(() => fates.push('call'));
    made.untilState(['connected'], far).catch(() => fates.push('untilState'));
    made.untilState(['connected'], { timeoutMs: Infinity }).catch(() => fates.push('Infinity'));
    made.addAuth('digest', new Uint8Array(1), far).catch(() => fates.push('addAuth'));
    await vi.advanceTimersByTimeAsync(500);
    expect(fates).toEqual([]);
    for (const [, delayMs] of delays.mock.calls) expect(delayMs).toBeLessThan(2 ** 31);
    await made.close();
    await settle();
    expect(fates.sort()).toEqual(['Infinity', 'addAuth', 'call', 'untilState']);
  });

  test('end a wait for a state and for credentials', async () => {
    const transport = new FakeTransport();
    transport.onConnection = () => {};
    const { made } = session(transport);
    const state = expect(made.untilState(['connected'], { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'OPERATION_TIMEOUT',
    });
    const auth = expect(
      made.addAuth('digest', new Uint8Array(1), { timeoutMs: 50 }),
    ).rejects.toMatchObject({ code: 'OPERATION_TIMEOUT', operation: 'addAuth' });
    const reason = new Error('enough');
    const aborted = expect(
      made.addAuth('digest', new Uint8Array(1), { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
    await vi.advanceTimersByTimeAsync(50);
    await Promise.all([state, auth, aborted]);
  });
});

describe('a read-only server', () => {
  function readOnlyAt(transport: FakeTransport, hosts: readonly string[]) {
    transport.grant = ({ host }) => ({ readOnly: hosts.includes(host) });
  }

  test('is left when a server that can write is found by isro, not before', async () => {
    const transport = new FakeTransport();
    readOnlyAt(transport, ['a', 'b', 'c']);
    const { made } = session(transport, ['a', 'b', 'c']);
    await settle();
    expect(made.state).toBe('read-only');
    let isReadWrite = false;
    transport.onConnection = (connection) => {
      connection.open();
      queueMicrotask(() => {
        if (connection.text !== 'isro') return;
        connection.send(new TextEncoder().encode(isReadWrite ? 'rw' : 'ro'));
      });
    };
    await vi.advanceTimersByTimeAsync(3_000);
    expect(made.state).toBe('read-only');
    const probes = transport.connections.filter(({ text }) => text === 'isro');
    // After 100 ms, 200, 400 ...; not every turn asks another server than the present one.
    expect(probes.length).toBeGreaterThan(1);
    expect(probes.length).toBeLessThan(6);
    isReadWrite = true;
    readOnlyAt(transport, []);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(made.state).toBe('connected');
    expect(transport.openCount).toBe(1);
  });

  test('has its probe ended with the session', async () => {
    const transport = new FakeTransport();
    readOnlyAt(transport, ['a', 'b']);
    const { made } = session(transport, ['a', 'b']);
    await settle();
    transport.onConnection = (connection) => connection.open();
    await vi.advanceTimersByTimeAsync(400);
    expect(transport.last.text).toBe('isro');
    expect(transport.openCount).toBe(2);
    const closed = made.close();
    await settle();
    await closed;
    expect(transport.openCount).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('other servers', () => {
  test('are moved to when ours is no longer among them, with the same session', async () => {
    const transport = new FakeTransport();
    const { made } = session(transport, ['a']);
    await settle();
    const id = made.ticket?.id;
    made.updateServers([{ host: 'z', port: 1 }]);
    await vi.advanceTimersByTimeAsync(100);
    expect([made.state, made.server?.host, made.ticket?.id]).toEqual(['connected', 'z', id]);
  });

  test('that include ours, and are no more, change nothing', async () => {
    const transport = new FakeTransport();
    const { made } = session(transport, ['a', 'b']);
    await settle();
    made.updateServers([{ host: made.server!.host, port: 2181 }]);
    await vi.advanceTimersByTimeAsync(100);
    expect(transport.connections).toHaveLength(1);
  });
});

describe('a watched read under way', () => {
  test('keeps the watches of its path on the server, whoever leaves', async () => {
    const transport = new FakeTransport();
    const { made } = session(transport);
    await settle();
    transport.last.respond = () => undefined;
    const watch = new NotedWatch('data', '/x');
    const call = made.call({ ...readOf('/x'), watch });
    expect(made.watches.kindsAt('/x')).toEqual(['data']);
    await settle();
    expect(transport.last.requests.map(({ request }) => request.op)).toEqual([OpCode.exists]);
    call.catch(() => {});
    transport.last.respond = () => ({});
    transport.last.close();
    transport.onConnection = (connection) => connection.close();
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS + 1);
    expect(made.state).toBe('expired');
    expect(made.watches.kindsAt('/x')).toEqual([]);
  });

  test('that is refused leaves nothing', async () => {
    const transport = new FakeTransport();
    const { made } = session(transport);
    await settle();
    transport.last.respond = () => ({ err: ErrorCode.noAuth });
    const call = made.call({ ...readOf('/x'), watch: new NotedWatch('data', '/x') });
    await expect(call).rejects.toMatchObject({ code: 'NO_AUTH' });
    await settle();
    expect(made.watches.kindsAt('/x')).toEqual([]);
  });
});
