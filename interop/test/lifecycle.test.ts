import { OpCode } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { allOf, pollUntil } from '../harness/process.ts';
import * as bodies from '../harness/request-bodies.ts';
import {
  fourLetterWord,
  type ServerOptions,
  SUPER_DIGEST,
  TARGET,
  TestServer,
} from '../harness/server.ts';
import {
  type ConnectOptions,
  connectRequest,
  framed,
  readConnectReply,
  readEvent,
  readReply,
  requestFrame,
  WireConnection,
  WireSession,
} from '../harness/wire-client.ts';

const missing = missingPeer('apache');

/** Runs a script on a fresh server of each kind; what it tells must be the same, and is returned. */
async function sameOnBoth(
  options: ServerOptions,
  script: (server: TestServer) => Promise<readonly unknown[]>,
): Promise<readonly unknown[]> {
  const [wanted, got] = await allOf(
    (['apache', TARGET] as const).map(async (kind) => {
      await using server = await TestServer.start(kind, options);
      return await script(server);
    }),
  );
  expect(got).toEqual(wanted);
  return wanted!;
}

/** The next watch event of a connection: `type path`. */
async function nextEvent({ connection }: WireSession): Promise<string> {
  const frame = await connection.next(20_000);
  if (frame === undefined) return 'closed';
  const reply = readReply(frame);
  if (reply.xid !== -1) return `reply to ${reply.xid}`;
  const { type, path } = readEvent(reply);
  return `${type} ${path}`;
}

const watchAll = (session: WireSession, path: string) =>
  session.ok(OpCode.addWatch, bodies.pathAndInt(path, 1));
const create = (session: WireSession, path: string, flags = 0) =>
  session.ok(OpCode.create, bodies.create({ path, flags }));
const errOf = async (session: WireSession, ...request: Parameters<WireSession['request']>) =>
  (await session.request(...request)).err;

describe.skipIf(missing !== undefined)(suiteTitle('lives of sessions and znodes', missing), () => {
  test('a session that is left alone expires, with its ephemerals, and cannot be resumed', async () => {
    const told = await sameOnBoth({ config: { tickTime: 100 } }, async ({ port }) => {
      const watcher = await WireSession.open(port, { timeoutMs: 2_000 });
      const left = await WireSession.open(port, { timeoutMs: 1 });
      await create(left, '/e', 1);
      await create(left, '/e-', 3);
      await watchAll(watcher, '/');
      left.connection.destroy();
      // Pings keep the watcher's own session alive.
      const pings = setInterval(() => watcher.connection.send(requestFrame(-2, OpCode.ping)), 200);
      const events: string[] = [];
      while (events.length < 2) {
        const event = await nextEvent(watcher);
        if (!event.startsWith('reply')) events.push(event);
      }
      clearInterval(pings);
      const again = await WireConnection.open(port);
      const { sessionId, password } = left.connected;
      again.send(connectRequest({ sessionId, password, lastZxidSeen: 0n }));
      const reply = readConnectReply((await again.next())!);
      const end = await again.next();
      watcher.connection.destroy();
      return [
        left.connected.timeoutMs,
        watcher.connected.timeoutMs,
        events.sort(),
        reply.timeoutMs,
        reply.sessionId,
        [...reply.password],
        end,
      ];
    });
    expect(told.slice(0, 3)).toEqual([200, 2_000, ['2 /e', '2 /e-0000000001']]);
    expect(told.slice(3, 5)).toEqual([0, 0n]);
  });

  test('a session that moves to another connection leaves the first one, with its watches', async () => {
    const told = await sameOnBoth({}, async ({ port }) => {
      const first = await WireSession.open(port);
      await create(first, '/e', 1);
      await watchAll(first, '/');
      const { sessionId, password } = first.connected;
      const second = await WireSession.open(port, { sessionId, password });
      const end = await nextEvent(first);
      await create(second, '/f', 1);
      const names = (await second.ok(OpCode.getChildren, bodies.pathAndWatch('/'))).texts();
      const events = second.takeEvents().length;
      await second.close();
      return [end, names.sort(), events];
    });
    expect(told).toEqual(['closed', ['e', 'f', 'zookeeper'], 0]);
  });

  test('requests may follow the ConnectRequest without waiting for its answer', async () => {
    const told = await sameOnBoth({}, async ({ port }) => {
      const connection = await WireConnection.open(port);
      connection.sendRaw(
        Buffer.concat([
          framed(connectRequest({})),
          framed(requestFrame(1, OpCode.create, bodies.create({ path: '/early' }))),
          framed(requestFrame(2, OpCode.exists, bodies.pathAndWatch('/early'))),
        ]),
      );
      const connected = readConnectReply((await connection.next())!);
      const replies: unknown[] = [];
      for (let i = 0; i < 2; i++) {
        const { xid, zxid, err } = readReply((await connection.next())!);
        replies.push([xid, zxid, err]);
      }
      connection.destroy();
      return [connected.timeoutMs, connected.readOnly, ...replies];
    });
    expect(told.slice(2)).toEqual([
      [1, 2n, 0],
      [2, 2n, 0],
    ]);
  });

  test('containers and TTL znodes go when they are no longer needed, and not before', async () => {
    const told = await sameOnBoth(
      {
        config: { extendedTypesEnabled: 'true' },
        properties: { 'znode.container.checkIntervalMs': '100' },
      },
      async ({ port }) => {
        const session = await WireSession.open(port);
        const ttl = (path: string, ttlMs: bigint) =>
          session.ok(OpCode.createTTL, bodies.create({ path, flags: 5, ttlMs }));
        const container = (path: string) =>
          session.ok(OpCode.createContainer, bodies.create({ path, flags: 4 }));
        await container('/never-used');
        await container('/in-use');
        await create(session, '/in-use/child');
        await ttl('/long', 100_000n);
        // Together, or it may be gone before it has a child.
        const parent = bodies.create({ path: '/parent', flags: 5, ttlMs: 1n });
        const child = bodies.create({ path: '/parent/child' });
        await session.ok(
          OpCode.multi,
          bodies.multi([
            { type: OpCode.createTTL, body: parent },
            { type: OpCode.create, body: child },
          ]),
        );
        await container('/used');
        await create(session, '/used/child');
        await watchAll(session, '/');
        const deleted: string[] = [];
        const untilDeleted = async (path: string) => {
          for (;;) {
            deleted.push(...session.takeEvents().map((event) => `${event.type} ${event.path}`));
            if (deleted.includes(`2 ${path}`)) return;
            deleted.push(await nextEvent(session));
          }
        };
        await session.ok(OpCode.delete, bodies.pathAndInt('/used/child', -1));
        await untilDeleted('/used'); // by the server itself
        await ttl('/short', 1n);
        await untilDeleted('/short');
        const names = (await session.ok(OpCode.getChildren, bodies.pathAndWatch('/'))).texts();
        await session.close();
        return [deleted.filter((event) => event.startsWith('2 ')), names.sort()];
      },
    );
    expect(told).toEqual([
      ['2 /used/child', '2 /used', '2 /short'],
      ['in-use', 'long', 'never-used', 'parent', 'zookeeper'],
    ]);
  });

  test('more connections than one address may have are closed', async () => {
    const told = await sameOnBoth({ config: { maxClientCnxns: 2 } }, async ({ port }) => {
      // The words that asked whether it is up may still count: a place is free when it is.
      const open = () =>
        pollUntil(
          () => WireSession.open(port).catch(() => undefined),
          10_000,
          () => 'a place for another connection',
        );
      const sessions = [await open(), await open()];
      const refused = await WireSession.open(port).then(
        () => 'served',
        () => 'closed',
      );
      await sessions[0]!.close();
      const again = await open();
      for (const { connection } of [sessions[1]!, again]) connection.destroy();
      return [refused];
    });
    expect(told).toEqual(['closed']);
  });

  test('only the words of the whitelist are answered', async () => {
    await sameOnBoth({ config: { '4lw.commands.whitelist': 'srvr, isro' } }, async ({ port }) => [
      await fourLetterWord(port, 'ruok'),
      await fourLetterWord(port, 'isro'),
      await fourLetterWord(port, 'mntr'),
      await fourLetterWord(port, 'wchp'),
    ]);
  });

  test('a frame larger than jute.maxbuffer closes the connection, one of that size does not', async () => {
    const told = await sameOnBoth(
      { properties: { 'jute.maxbuffer': '2000' } },
      async ({ port }) => {
        const told: unknown[] = [];
        for (const size of [2000, 2001]) {
          const session = await WireSession.open(port);
          const overhead = requestFrame(
            1,
            OpCode.create,
            bodies.create({ path: `/s${size}`, data: '' }),
          ).byteLength;
          const data = new Uint8Array(size - overhead);
          told.push(
            await errOf(session, OpCode.create, bodies.create({ path: `/s${size}`, data })).catch(
              (error: Error) => error.message,
            ),
          );
          session.connection.destroy();
        }
        return told;
      },
    );
    expect(told).toEqual([0, 'connection closed']);
  });

  test('with enforced authentication a request before it is refused', async () => {
    const told = await sameOnBoth(
      { config: { 'enforce.auth.enabled': 'true', 'enforce.auth.schemes': 'digest' } },
      async ({ port }) => {
        const stranger = await WireSession.open(port);
        const refused = await errOf(stranger, OpCode.getData, bodies.pathAndWatch('/')).catch(
          (error: Error) => error.message,
        );
        const end = await stranger.connection.next();
        const known = await WireSession.open(port);
        await known.ok(OpCode.auth, bodies.auth('digest', 'a:b'), -4);
        const allowed = await errOf(known, OpCode.getData, bodies.pathAndWatch('/'));
        await known.close();
        return [refused, end, allowed];
      },
    );
    expect(told).toEqual([-124, undefined, 0]);
  });

  test('skipACL and the super user pass every ACL', async () => {
    const acls = [{ perms: 1, scheme: 'ip', id: '10.0.0.1' }];
    const script = async ({ port }: TestServer) => {
      const session = await WireSession.open(port);
      await session.ok(OpCode.create, bodies.create({ path: '/closed', data: 'x', acls }));
      const before = await errOf(session, OpCode.getData, bodies.pathAndWatch('/closed'));
      const wrong = await errOf(session, OpCode.setData, bodies.setData('/closed', 'y'));
      await session.request(OpCode.auth, bodies.auth('digest', 'super:test'), -4);
      const after = await errOf(session, OpCode.getData, bodies.pathAndWatch('/closed'));
      await session.close();
      return [before, wrong, after];
    };
    const properties = Object.fromEntries([SUPER_DIGEST]);
    expect(await sameOnBoth({ properties }, script)).toEqual([-102, -102, 0]);
    expect(await sameOnBoth({ properties: {}, config: { skipACL: 'yes' } }, script)).toEqual([
      0, 0, 0,
    ]);
  });

  test('timeouts are negotiated and connects are answered alike', async () => {
    const options: readonly ConnectOptions[] = [
      { timeoutMs: -1 },
      { timeoutMs: 0 },
      { timeoutMs: 5_999 },
      { timeoutMs: 9_000, readOnly: true },
      { timeoutMs: 2_000_000_000, readOnly: false },
      { lastZxidSeen: 1_000n },
      { sessionId: 77n, password: new Uint8Array(16) },
      { sessionId: 77n, password: new Uint8Array(3) },
    ];
    await sameOnBoth(
      { config: { tickTime: 3000, maxSessionTimeout: 50_000 } },
      async ({ port }) => {
        const told: unknown[] = [];
        for (const option of options) {
          const connection = await WireConnection.open(port);
          connection.send(connectRequest(option));
          const frame = await connection.next();
          if (frame === undefined) {
            told.push('closed');
            continue;
          }
          const { timeoutMs, sessionId, readOnly, password } = readConnectReply(frame);
          told.push([timeoutMs, sessionId === 0n, readOnly, password.byteLength]);
          if (sessionId === 0n) told.push(await connection.next());
          connection.destroy();
        }
        return told;
      },
    );
  });
});
