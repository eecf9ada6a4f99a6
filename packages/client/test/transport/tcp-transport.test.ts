import { once } from 'node:events';
import type net from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Lookup, tcpTransport } from '../../src/transport/tcp-transport.ts';
import {
  type ConnectAttemptError,
  ConnectionBrokenError,
} from '../../src/transport/transport-errors.ts';
import { closedPort, inOrder, Listener, nextTurn, startServer, until } from './support.ts';

/** Far longer than any of these tests: time passes only where a test lets it. */
const TIMEOUT_MS = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});

afterEach(() => {
  const timers = vi.getTimerCount();
  vi.useRealTimers();
  expect(timers, 'timers that are left').toBe(0);
});

/** Opens a connection to `host`, whose addresses are what `lookup` says. */
function open(port: number, lookup: Lookup, host = 'zk.test') {
  const listener = new Listener();
  const transport = tcpTransport({ lookup, random: inOrder });
  const connection = transport.open({ host, port }, listener, TIMEOUT_MS);
  return { connection, listener };
}

const found =
  (...addresses: readonly string[]): Lookup =>
  async () =>
    addresses;

const neverCalled: Lookup = async (host) => {
  throw new Error(`${host} was looked up`);
};

describe('finding the server', () => {
  test('a name is resolved, and bytes go both ways', async () => {
    const server = await startServer((socket) => socket.pipe(socket));
    const names: string[] = [];
    const { connection, listener } = open(server.port, async (host) => {
      names.push(host);
      return ['127.0.0.1'];
    });
    expect(connection.remote).toBe(`zk.test:${server.port}`);

    await listener.opened;
    connection.write(Buffer.from('ping'));
    await until(() => listener.received.length === 4);
    connection.destroy();

    expect(await listener.closed).toBeUndefined();
    expect(names).toEqual(['zk.test']);
    expect(connection.remote).toBe(`zk.test:${server.port} (127.0.0.1)`);
    expect(listener.received.toString()).toBe('ping');
    expect(listener.events).toEqual(['open', 'data', 'close']);
  });

  test('an address needs no resolving', async () => {
    const server = await startServer();
    const { connection, listener } = open(server.port, neverCalled, '127.0.0.1');

    await listener.opened;

    expect(connection.remote).toBe(`127.0.0.1:${server.port}`);
    connection.destroy();
    await listener.closed;
  });

  test('the names of this machine are resolved when nobody says otherwise', async () => {
    const server = await startServer();
    const listener = new Listener();
    const transport = tcpTransport();
    const connection = transport.open(
      { host: 'localhost', port: server.port },
      listener,
      TIMEOUT_MS,
    );

    await listener.opened;

    connection.destroy();
    await listener.closed;
  });

  test('a name is resolved afresh for each connection', async () => {
    const server = await startServer();
    const answers = [['127.0.0.2'], ['127.0.0.1']];
    const transport = tcpTransport({ lookup: async () => answers.shift()! });
    const target = { host: 'zk.test', port: server.port };
    const first = new Listener();
    transport.open(target, first, TIMEOUT_MS);
    await first.closed;

    const second = new Listener();
    const connection = transport.open(target, second, TIMEOUT_MS);
    await second.opened;

    expect(first.events).toEqual(['close']);
    connection.destroy();
    await second.closed;
  });

  test('addresses that refuse are passed over', async () => {
    const server = await startServer();
    const { connection, listener } = open(
      server.port,
      found('127.0.0.2', '127.0.0.3', '127.0.0.1', '127.0.0.4'),
    );

    await listener.opened;

    expect(connection.remote).toBe(`zk.test:${server.port} (127.0.0.1)`);
    connection.destroy();
    expect(await listener.closed).toBeUndefined();
  });

  test('when none answers, the error names each address once and why', async () => {
    const port = await closedPort();
    const { listener } = open(port, found('127.0.0.1', '127.0.0.2', '127.0.0.1'));

    const error = (await listener.closed) as ConnectAttemptError;

    const reason = 'nobody listens there (ECONNREFUSED)';
    expect(error).toMatchObject({
      name: 'ConnectAttemptError',
      code: 'CONNECT_FAILED',
      server: { host: 'zk.test', port },
      attempts: [
        { address: `127.0.0.1:${port}`, reason, error: { code: 'ECONNREFUSED' } },
        { address: `127.0.0.2:${port}`, reason, error: { code: 'ECONNREFUSED' } },
      ],
      cause: { code: 'ECONNREFUSED', address: '127.0.0.2' },
    });
    expect(error.message).toBe(
      `cannot connect to zk.test:${port}: 127.0.0.1:${port}: ${reason}; 127.0.0.2:${port}: ${reason}`,
    );
    expect(listener.events).toEqual(['close']);
  });

  test('the order of the addresses is drawn', async () => {
    const port = await closedPort();
    const listener = new Listener();
    const lookup = found('127.0.0.1', '127.0.0.2', '127.0.0.3');
    tcpTransport({ lookup, random: () => 0 }).open({ host: 'zk.test', port }, listener, TIMEOUT_MS);

    const { attempts } = (await listener.closed) as ConnectAttemptError;

    expect(attempts.map(({ address }) => address)).toEqual([
      `127.0.0.2:${port}`,
      `127.0.0.3:${port}`,
      `127.0.0.1:${port}`,
    ]);
  });

  test('a name that does not resolve is the error', async () => {
    const notFound = Object.assign(new Error('getaddrinfo ENOTFOUND zk.test'), {
      code: 'ENOTFOUND',
    });
    const { listener } = open(2181, () => Promise.reject(notFound));

    expect(await listener.closed).toMatchObject({
      message:
        'cannot connect to zk.test:2181: the name cannot be resolved: the name is not known (ENOTFOUND)',
      attempts: [],
      cause: notFound,
    });
    expect(listener.events).toEqual(['close']);
  });

  test('a lookup that throws, or rejects with no error, is the error', async () => {
    const thrown = open(2181, () => {
      throw new Error('out of order');
    });
    const rejected = open(2181, () => Promise.reject('out of order'));

    for (const { listener } of [thrown, rejected]) {
      expect((await listener.closed)?.message).toContain('cannot be resolved: out of order');
    }
  });

  test('a name without addresses is the error', async () => {
    const { listener } = open(2181, found());

    expect((await listener.closed)?.message).toBe(
      'cannot connect to zk.test:2181: the name has no address',
    );
  });

  test('what no socket takes for an address or a port is the error', async () => {
    const { listener } = open(65_536, found('127.0.0.1'));

    expect(await listener.closed).toMatchObject({
      code: 'CONNECT_FAILED',
      cause: { code: 'ERR_SOCKET_BAD_PORT' },
    });
  });

  test('nothing is told before open has returned', async () => {
    const listener = new Listener();
    const throwing = tcpTransport({
      lookup: () => {
        throw new Error('at once');
      },
    });

    const connection = throwing.open({ host: 'zk.test', port: 1 }, listener, TIMEOUT_MS);
    connection.destroy();

    expect(listener.events).toEqual([]);
    expect(await listener.closed).toBeUndefined();
  });
});

describe('time', () => {
  test('a lookup without an answer ends with the time', async () => {
    const listener = new Listener();
    const transport = tcpTransport({ lookup: () => new Promise(() => {}) });
    transport.open({ host: 'zk.test', port: 2181 }, listener, 1000);

    vi.advanceTimersByTime(999);
    expect(listener.events).toEqual([]);
    vi.advanceTimersByTime(1);

    expect((await listener.closed)?.message).toBe(
      'cannot connect to zk.test:2181: the name was not resolved within 1000 ms',
    );
  });

  test('an answer of the lookup after the time is not used', async () => {
    const server = await startServer();
    let answer!: (addresses: readonly string[]) => void;
    const listener = new Listener();
    const lookup = () =>
      new Promise<readonly string[]>((resolve) => {
        answer = resolve;
      });
    tcpTransport({ lookup }).open({ host: 'zk.test', port: server.port }, listener, 1000);
    await nextTurn();
    vi.advanceTimersByTime(1000);

    answer(['127.0.0.1']);
    await nextTurn();

    expect(listener.events).toEqual(['close']);
    expect(server.accepted).toBe(0);
  });

  test('no longer matters once the connection is open', async () => {
    const server = await startServer();
    const { connection, listener } = open(server.port, found('127.0.0.1'));
    await listener.opened;
    expect(vi.getTimerCount()).toBe(0);

    vi.advanceTimersByTime(TIMEOUT_MS);
    for (let i = 0; i < 3; i++) await nextTurn();

    expect(listener.events).toEqual(['open']);
    connection.destroy();
    await listener.closed;
  });

  test('no limit is longer than a timer can be', async () => {
    const server = await startServer();
    for (const timeoutMs of [Number.POSITIVE_INFINITY, 2 ** 31]) {
      const listener = new Listener();
      const transport = tcpTransport({ lookup: found('127.0.0.1') });
      const connection = transport.open(
        { host: 'zk.test', port: server.port },
        listener,
        timeoutMs,
      );
      vi.advanceTimersByTime(10_000);

      await listener.opened;

      connection.destroy();
      await listener.closed;
    }
  });
});

describe('the end of an open connection', () => {
  async function opened(onSocket?: (socket: net.Socket) => void) {
    const server = await startServer(onSocket);
    const accepted = server.nextSocket();
    const { connection, listener } = open(server.port, found('127.0.0.1'));
    await listener.opened;
    return { connection, listener, socket: await accepted, port: server.port };
  }

  test('a server that closes in order is no error', async () => {
    const { listener } = await opened((socket) => socket.end('bye'));

    expect(await listener.closed).toBeUndefined();
    expect(listener.received.toString()).toBe('bye');
    expect(listener.events).toEqual(['open', 'data', 'close']);
  });

  test('a server that resets is an error', async () => {
    const { listener, socket, port } = await opened();

    socket.resetAndDestroy();

    const error = await listener.closed;
    expect(error).toBeInstanceOf(ConnectionBrokenError);
    expect(error).toMatchObject({
      code: 'CONNECTION_BROKEN',
      remote: `zk.test:${port} (127.0.0.1)`,
      cause: { code: 'ECONNRESET' },
    });
    expect(error?.message).toBe(
      `the connection to zk.test:${port} (127.0.0.1) broke: the server cut the connection (ECONNRESET)`,
    );
    expect(listener.events).toEqual(['open', 'close']);
  });

  test('a server that closes does not wait for bytes it has not read', async () => {
    const { connection, listener, socket } = await opened();
    connection.write(new Uint8Array(16 * 1024 * 1024));
    expect(connection.bufferedBytes).toBeGreaterThan(0);

    socket.end();

    expect(await listener.closed).toBeUndefined();
  });

  test('end() comes behind everything that was written', async () => {
    const { connection, listener, socket } = await opened();
    let received = 0;
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
    const ended = once(socket, 'end');

    for (let i = 0; i < 64; i++) connection.write(new Uint8Array(65_536));
    connection.end();
    connection.write(new Uint8Array(1));
    connection.end();

    await ended;
    expect(received).toBe(64 * 65_536);
    expect(await listener.closed).toBeUndefined();
    expect(listener.events).toEqual(['open', 'close']);
  });

  test('destroy() does not wait for bytes that the server does not read', async () => {
    const { connection, listener } = await opened();
    connection.write(new Uint8Array(16 * 1024 * 1024));
    connection.end();

    connection.destroy();

    expect(await listener.closed).toBeUndefined();
  });

  test('no bytes come after destroy(), even those that are here already', async () => {
    const { connection, listener, socket } = await opened();
    const sent = new Promise((resolve) => socket.write('unread', resolve));
    connection.destroy();
    await sent;

    await listener.closed;

    expect(listener.events).toEqual(['open', 'close']);
  });

  test('bytes that are written after the end are dropped', async () => {
    const { connection, listener, socket } = await opened();
    socket.end();
    await listener.closed;

    connection.write(new Uint8Array(1));
    connection.end();
    connection.destroy();
    await nextTurn();

    expect(connection.bufferedBytes).toBe(0);
    expect(listener.events).toEqual(['open', 'close']);
  });

  test('a connection shows its own state only, not its socket', async () => {
    const { connection, listener } = await opened();

    expect(inspect(connection, { showHidden: true, depth: 4 })).not.toContain('Socket');

    connection.destroy();
    await listener.closed;
  });
});

describe('destroy() while it connects', () => {
  test('ends the wait for the name', async () => {
    const server = await startServer();
    const { connection, listener } = open(server.port, found('127.0.0.1'));

    connection.destroy();
    connection.destroy();
    expect(listener.events).toEqual([]);

    expect(await listener.closed).toBeUndefined();
    await nextTurn();
    expect(listener.events).toEqual(['close']);
    expect(server.accepted).toBe(0);
  });

  test('ends the attempt, and tries no other address', async () => {
    const port = await closedPort();
    const { connection, listener } = open(port, found('127.0.0.1', '127.0.0.2'));
    // The lookup is answered without the event loop, and the attempt cannot have failed before it turns.
    for (let i = 0; i < 20; i++) await Promise.resolve();
    expect(connection.remote).toMatch(/\(127\.0\.0\.1\)$/);

    connection.end();
    connection.destroy();

    expect(await listener.closed).toBeUndefined();
    expect(connection.remote).toMatch(/\(127\.0\.0\.1\)$/);
    expect(listener.events).toEqual(['close']);
  });

  test('from onOpen ends it before any byte', async () => {
    const server = await startServer((socket) => socket.write('hello'));
    const listener = new Listener();
    const connection = tcpTransport().open(
      { host: '127.0.0.1', port: server.port },
      {
        onOpen: () => {
          listener.onOpen();
          connection.destroy();
        },
        onData: (chunk) => listener.onData(chunk),
        onClose: (error) => listener.onClose(error),
      },
      TIMEOUT_MS,
    );

    expect(await listener.closed).toBeUndefined();
    expect(listener.events).toEqual(['open', 'close']);
  });

  test('bytes that are written too early are a mistake', async () => {
    const { connection, listener } = open(2181, found('127.0.0.1'));

    expect(() => connection.write(new Uint8Array(1))).toThrow('before the connection is open');

    connection.destroy();
    await listener.closed;
  });
});
