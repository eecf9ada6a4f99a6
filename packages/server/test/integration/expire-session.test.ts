import { CreateMode, EventType, OpCode } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { createOf, isThere, RawClient, until } from '../raw-client.ts';
import { diskServer, memoryServer, temporaryDirectory } from './test-server.ts';

describe.each(['memory', 'disk'] as const)('a session that is expired by hand (%s)', (kind) => {
  const start = () => (kind === 'memory' ? memoryServer() : diskServer(temporaryDirectory()));

  test('is gone with its ephemerals, its watchers are told, its connection is closed', async () => {
    const { server, client, log } = await start();
    const victim = await client();
    const witness = await client();
    const { sessionId } = victim.session!;
    await victim.ok(createOf('/mine', null, CreateMode.ephemeral));
    await witness.ok({ op: OpCode.exists, path: '/mine', watch: true });

    expect(server.expireSession(sessionId)).toBe(true);

    await victim.closed();
    expect(await isThere(witness, '/mine')).toBe(false);
    expect(witness.events).toMatchObject([{ type: EventType.nodeDeleted, path: '/mine' }]);
    expect(server.sessions().map(({ id }) => id)).toEqual([witness.session!.sessionId]);
    expect(log.find('session expired')).toBeDefined();
  });

  test('cannot be expired again, and cannot come back', async () => {
    const { server, client, port } = await start();
    const victim = await client();
    const { sessionId, password } = victim.session!;

    expect(server.expireSession(sessionId)).toBe(true);
    expect(server.expireSession(sessionId)).toBe(false);
    await victim.closed();
    expect(server.expireSession(sessionId)).toBe(false);

    const again = await RawClient.open(port);
    expect(await again.handshake({ sessionId, password })).toMatchObject({ sessionId: 0n });
  });
});

describe('a running server', () => {
  test('knows its sessions, their timeouts, and which have a connection', async () => {
    const { server, client, stranger } = await memoryServer();
    const first = await client();
    const second = await stranger();
    await second.handshake({ timeoutMs: 8000 });
    const { sessionId } = second.session!;
    second.destroy();
    await until(() => server.sessions().some((one) => !one.isConnected), 'a session alone');

    expect(server.sessions()).toEqual([
      { id: first.session!.sessionId, timeoutMs: 30_000, isConnected: true },
      { id: sessionId, timeoutMs: 8000, isConnected: false },
    ]);
  });

  test('expires no session once it stops', async () => {
    const { server, client } = await memoryServer();
    const { sessionId } = (await client()).session!;
    const closed = server.close();
    expect(server.expireSession(sessionId)).toBe(false);
    await closed;
  });
});
