import { describe, expect, onTestFinished, test } from 'vitest';
import { type Direction, startTestProxy, type TestProxy } from '../src/index.ts';
import { goRound, Peer, startTarget, type Target, until } from './peer.ts';

interface Setup {
  readonly target: Target;
  readonly proxy: TestProxy;
}

async function setUp(): Promise<Setup> {
  const target = await startTarget();
  const proxy = await startTestProxy({ target: { port: target.port } });
  onTestFinished(() => proxy.close());
  return { target, proxy };
}

/** A client and the target's end of its connection. */
async function connected({ target, proxy }: Setup): Promise<{ client: Peer; server: Peer }> {
  const at = target.peers.length;
  const client = await Peer.connect(proxy.port);
  return { client, server: await target.peer(at) };
}

const directions: readonly Direction[] = ['to-server', 'to-client'];

/** Who sends and who hears in this direction. */
function ends(pair: { client: Peer; server: Peer }, direction: Direction) {
  const { client, server } = pair;
  return direction === 'to-server' ? { from: client, to: server } : { from: server, to: client };
}

describe('a proxy without faults', () => {
  test('passes bytes on in both directions, and counts them and the connections', async () => {
    const setup = await setUp();
    const { client, server } = await connected(setup);
    client.send('a question');
    await server.received('a question');
    server.send('yes');
    await client.received('yes');
    const other = await connected(setup);
    other.client.send('!');
    await other.server.received('!');

    expect(setup.proxy.traffic).toEqual({
      acceptedCount: 2,
      openCount: 2,
      bytesToServer: 11,
      bytesToClient: 3,
    });
    expect(setup.proxy.connectString).toBe(`127.0.0.1:${setup.proxy.port}`);
  });

  test('connects to the target before the client has said anything', async () => {
    const setup = await setUp();
    const { server } = await connected(setup);
    expect(server.text).toBe('');
  });

  test.each(directions)(
    'passes on the end of one direction, %s, and the other stays open',
    async (direction) => {
      const setup = await setUp();
      const { from, to } = ends(await connected(setup), direction);
      from.socket.end('last');
      await to.ended();
      expect(to.text).toBe('last');

      to.send('answer');
      await from.received('answer');
      to.socket.end();
      await Promise.all([from.closed(), to.closed()]);
      expect([from.errorCode, to.errorCode]).toEqual([undefined, undefined]);
      await until(() => setup.proxy.traffic.openCount === 0, 'the connection to be forgotten');
    },
  );

  test.each(directions)('passes on a reset %s', async (direction) => {
    const { from, to } = ends(await connected(await setUp()), direction);
    from.socket.resetAndDestroy();
    await to.closed();
    expect(to.errorCode).toBe('ECONNRESET');
  });

  test('passes on more than any buffer takes, to a reader that is slow to begin', async () => {
    const setup = await setUp();
    const { client, server } = await connected(setup);
    const bytes = Buffer.alloc(32 * 1024 * 1024);
    for (let at = 0; at < bytes.length; at++) bytes[at] = at * 31;
    server.socket.pause();
    client.socket.write(bytes);
    await until(() => setup.proxy.traffic.bytesToServer > 0, 'the first bytes to pass');
    // What the proxy cannot pass on it does not read.
    await goRound(setup.target, 200);
    expect(setup.proxy.traffic.bytesToServer).toBeLessThan(bytes.length);

    const chunks: Buffer[] = [];
    server.socket.removeAllListeners('data');
    server.socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    server.socket.resume();
    client.socket.end();
    await server.ended();
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  test('resets its clients when nobody listens at the target', async () => {
    const { target, proxy } = await setUp();
    await target.close();
    const client = await Peer.connect(proxy.port);
    await client.closed();
    expect(client.errorCode).toBe('ECONNRESET');
  });
});

describe('dropped connections', () => {
  test('are reset on both sides', async () => {
    const setup = await setUp();
    const first = await connected(setup);
    const second = await connected(setup);

    expect(setup.proxy.dropConnections()).toBe(2);

    for (const peer of [first.client, first.server, second.client, second.server]) {
      await peer.closed();
      expect(peer.errorCode).toBe('ECONNRESET');
    }
    expect(setup.proxy.traffic.openCount).toBe(0);
    expect(setup.proxy.dropConnections()).toBe(0);
  });

  test('end in order if asked to, and then carry nothing', async () => {
    const setup = await setUp();
    const { client, server } = await connected(setup);
    expect(setup.proxy.dropConnections({ ending: 'end' })).toBe(1);
    await Promise.all([client.ended(), server.ended()]);

    client.send('too late');
    client.socket.end();
    server.socket.end();
    await Promise.all([client.closed(), server.closed()]);
    expect([client.errorCode, server.errorCode]).toEqual([undefined, undefined]);
    expect(server.text).toBe('');
  });

  test('are followed by new ones', async () => {
    const setup = await setUp();
    await connected(setup);
    setup.proxy.dropConnections();
    const { client, server } = await connected(setup);
    client.send('again');
    await server.received('again');
  });
});

describe('a partition', () => {
  test.each(directions)(
    'holds bytes %s back until it is healed, and no others if told so',
    async (direction) => {
      const setup = await setUp();
      const { from, to } = ends(await connected(setup), direction);
      setup.proxy.partition({ direction });
      from.send('held');
      to.send('passes');
      await from.received('passes');
      await goRound(setup.target);
      expect(to.text).toBe('');

      await setup.proxy.heal();
      await to.received('held');
    },
  );

  test('accepts new connections, of which the target hears only later', async () => {
    const setup = await setUp();
    setup.proxy.partition();
    const client = await Peer.connect(setup.proxy.port);
    client.send('hello');
    client.socket.end();
    await goRound(setup.target);
    expect(setup.target.peers.length).toBe(1);
    expect(setup.proxy.traffic).toMatchObject({ acceptedCount: 1, openCount: 1, bytesToServer: 0 });

    await setup.proxy.heal();
    const server = await setup.target.peer(1);
    await server.ended();
    expect(server.text).toBe('hello');
  });

  test.each(['end', 'reset'] as const)('hides the %s of a connection', async (ending) => {
    const setup = await setUp();
    const { client, server } = await connected(setup);
    setup.proxy.partition();
    if (ending === 'end') client.socket.end();
    else client.socket.resetAndDestroy();
    await goRound(setup.target);
    expect([server.isEnded, server.isClosed]).toEqual([false, false]);

    await setup.proxy.heal();
    await server.ended();
    expect(server.errorCode).toBe(ending === 'end' ? undefined : 'ECONNRESET');
  });

  test('takes in no more than a line would', async () => {
    const setup = await setUp();
    const { client, server } = await connected(setup);
    setup.proxy.partition();
    const bytes = Buffer.alloc(32 * 1024 * 1024);
    let isWritten = false;
    client.socket.end(bytes, () => {
      isWritten = true;
    });
    await goRound(setup.target, 200);
    expect(isWritten).toBe(false);

    let count = 0;
    server.socket.removeAllListeners('data');
    server.socket.on('data', (chunk: Buffer) => {
      count += chunk.byteLength;
    });
    await setup.proxy.heal();
    await server.ended();
    expect(count).toBe(bytes.byteLength);
  });
});

describe('a delay', () => {
  test.each(directions)('holds everything %s for at least so long', async (direction) => {
    const setup = await setUp();
    const { from, to } = ends(await connected(setup), direction);
    setup.proxy.delay(60, { direction });
    const startedMs = performance.now();
    from.socket.end('late');
    to.send('at once');
    await from.received('at once');
    await to.ended();
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(60);
    expect(to.text).toBe('late');
  });

  test('keeps the order when it gets shorter', async () => {
    const setup = await setUp();
    const { client, server } = await connected(setup);
    setup.proxy.delay(50);
    client.send('one ');
    // It is on its way when the second is written.
    await goRound(setup.target);
    setup.proxy.delay(0);
    client.send('two');
    await server.received('one two');
  });

  test('of the opening of a connection, too', async () => {
    const setup = await setUp();
    setup.proxy.delay(40, { direction: 'to-server' });
    const startedMs = performance.now();
    await connected(setup);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(40);
  });

  test('is over at once when it is healed', async () => {
    const setup = await setUp();
    const { client, server } = await connected(setup);
    setup.proxy.delay(3_600_000);
    client.send('soon');
    await goRound(setup.target);
    expect(server.text).toBe('');
    await setup.proxy.heal();
    await server.received('soon');
  });

  test.each([-1, Number.NaN, 2 ** 31])('of %d ms is refused', async (ms) => {
    const { proxy } = await setUp();
    expect(() => proxy.delay(ms)).toThrow(RangeError);
  });
});

describe('a refusal', () => {
  test('is heard as ECONNREFUSED; open connections stay; healed, the same port listens again', async () => {
    const setup = await setUp();
    const { client, server } = await connected(setup);
    const { port } = setup.proxy;
    setup.proxy.refuse();
    await expect(Peer.connect(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    client.send('still here');
    await server.received('still here');

    await setup.proxy.heal();
    expect(setup.proxy.port).toBe(port);
    await connected(setup);
  });

  test('overtakes a healing that is on its way, and is overtaken by the next one', async () => {
    const setup = await setUp();
    setup.proxy.refuse();
    const first = setup.proxy.heal();
    setup.proxy.refuse();
    await first;
    await expect(Peer.connect(setup.proxy.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });

    const second = setup.proxy.heal();
    setup.proxy.refuse();
    await Promise.all([second, setup.proxy.heal()]);
    await connected(setup);
  });
});

describe('a cut', () => {
  const text = 'thirteen byte';

  test.each(directions)('%s is exact at every byte', async (direction) => {
    const setup = await setUp();
    for (let bytes = 0; bytes <= text.length; bytes++) {
      const at = setup.target.peers.length;
      const cut = setup.proxy.cutAfter({ direction, bytes });
      const client = await Peer.connect(setup.proxy.port);
      const server = await setup.target.peer(at);
      const { from, to } = ends({ client, server }, direction);
      // In two pieces, so that the cut may be within the second, too.
      from.send(text.slice(0, 5));
      from.send(text.slice(5));
      await Promise.all([to.ended(), from.ended()]);
      expect(to.text).toBe(text.slice(0, bytes));
      expect(await cut.done).toBe(true);
    }
  });

  test.each(directions)('after 0 bytes %s waits for no byte at all', async (direction) => {
    const { proxy } = await setUp();
    const cut = proxy.cutAfter({ direction, bytes: 0 });
    const client = await Peer.connect(proxy.port);
    expect(await cut.done).toBe(true);
    await client.ended();
  });

  test('ends the other direction at the same moment', async () => {
    const setup = await setUp();
    const cut = setup.proxy.cutAfter({ direction: 'to-server', bytes: 2 });
    const { client, server } = await connected(setup);
    client.send('ab');
    await cut.done;
    server.send('an answer');
    server.socket.end();
    await client.ended();
    await server.ended();
    expect(server.text).toBe('ab');
    expect(client.text).toBe('');
  });

  test('can be a reset, which may outrun the bytes that passed', async () => {
    const setup = await setUp();
    const cut = setup.proxy.cutAfter({ direction: 'to-server', bytes: 1, ending: 'reset' });
    const { client, server } = await connected(setup);
    client.send('ab');
    await client.closed();
    expect(client.errorCode).toBe('ECONNRESET');
    // With a byte that is not read yet, some kernels tell of a reset, and some of an end.
    await server.ended();
    expect(['', 'a']).toContain(server.text);
    expect(await cut.done).toBe(true);
  });

  test('waits for the next connection; several are taken in order, and others are left alone', async () => {
    const setup = await setUp();
    const before = await connected(setup);
    const first = setup.proxy.cutAfter({ direction: 'to-server', bytes: 1 });
    const second = setup.proxy.cutAfter({ direction: 'to-server', bytes: 2 });
    const pairs = [await connected(setup), await connected(setup), await connected(setup)];
    for (const { client } of [before, ...pairs]) client.send('abc');
    expect(await Promise.all([first.done, second.done])).toEqual([true, true]);
    await pairs[0]!.server.ended();
    await pairs[1]!.server.ended();
    await pairs[2]!.server.received('abc');
    await before.server.received('abc');
    expect(pairs.map(({ server }) => server.text)).toEqual(['a', 'ab', 'abc']);
  });

  test('tells that it did not happen: the connection ended before, it was healed, or the proxy closed', async () => {
    const setup = await setUp();
    const early = setup.proxy.cutAfter({ direction: 'to-server', bytes: 10 });
    const { client, server } = await connected(setup);
    client.socket.resetAndDestroy();
    await server.closed();
    expect(await early.done).toBe(false);

    const begun = setup.proxy.cutAfter({ direction: 'to-server', bytes: 10 });
    const pair = await connected(setup);
    const waiting = setup.proxy.cutAfter({ direction: 'to-server', bytes: 0 });
    await setup.proxy.heal();
    expect(await Promise.all([begun.done, waiting.done])).toEqual([false, false]);
    pair.client.send(text);
    await pair.server.received(text);

    const last = setup.proxy.cutAfter({ direction: 'to-client', bytes: 0 });
    await setup.proxy.close();
    expect(await last.done).toBe(false);
    expect(await setup.proxy.cutAfter({ direction: 'to-client', bytes: 0 }).done).toBe(false);
  });

  test.each([-1, 1.5])('after %d bytes is refused', async (bytes) => {
    const { proxy } = await setUp();
    expect(() => proxy.cutAfter({ direction: 'to-client', bytes })).toThrow(RangeError);
  });
});

describe('a closed proxy', () => {
  test('has let go of its port and of both sides of every connection, silent and delayed ones, too', async () => {
    const setup = await setUp();
    const first = await connected(setup);
    setup.proxy.delay(3_600_000);
    first.client.send('never');
    setup.proxy.partition();
    const second = await Peer.connect(setup.proxy.port);

    await Promise.all([setup.proxy.close(), setup.proxy.close()]);

    await Promise.all([first.client.ended(), first.server.ended(), second.ended()]);
    await expect(Peer.connect(setup.proxy.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await setup.proxy.heal();
    await expect(Peer.connect(setup.proxy.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('does not wait for clients that keep their side open', async () => {
    const setup = await setUp();
    const { client, server } = await connected(setup);
    setup.proxy.dropConnections({ ending: 'end' });
    await Promise.all([client.ended(), server.ended()]);
    setup.proxy.refuse();
    const openSockets = () =>
      process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    const before = openSockets();

    await setup.proxy.close();

    expect(openSockets()).toBe(before - 2);
    expect([client.isClosed, server.isClosed]).toEqual([false, false]);
  });

  test('has closed connections, too, that were dropped while their end was on its way', async () => {
    const setup = await setUp();
    const { client, server } = await connected(setup);
    setup.proxy.partition();
    client.socket.end();
    await goRound(setup.target);
    const healing = setup.proxy.heal();
    setup.proxy.dropConnections();
    await healing;
    await setup.proxy.close();
    await server.ended();
  });

  test('is closed by `await using`', async () => {
    const target = await startTarget();
    let port: number;
    {
      await using proxy = await startTestProxy({ target: { port: target.port } });
      port = proxy.port;
      await Peer.connect(port);
    }
    await expect(Peer.connect(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('listens on the port that it is told, or says that somebody has it', async () => {
    const { target, proxy } = await setUp();
    const { port } = proxy;
    const options = { target: { port: target.port }, port };
    await expect(startTestProxy(options)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await proxy.close();
    await using next = await startTestProxy(options);
    expect(next.port).toBe(port);
  });
});
