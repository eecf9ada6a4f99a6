import { OpCode } from '@zooid/protocol';
import { startTestProxy, startTestServer } from '@zooid/testing';
import { describe, expect, test, vi } from 'vitest';
import { Exception, State } from '../../src/compat/index.ts';
import { reply, ScriptedServer } from './scripted-server.ts';
import { Clients, called, closed, emitted, eventsOf, useServer } from './support.ts';

const server = useServer();
const clients = new Clients();

describe('a session', () => {
  test('is told of by events: the state first, its own event with it', async () => {
    const client = clients.make(server.current.connectString);
    const seen: string[] = [];
    client.on('state', (state) => seen.push(`${state}`));
    client.on('connected', () => seen.push('connected'));
    client.on('disconnected', () => seen.push('disconnected'));
    expect(client.getState()).toBe(State.DISCONNECTED);
    expect(client.getSessionId()).toEqual(Buffer.alloc(8));
    expect(client.getSessionPassword()).toEqual(Buffer.alloc(16));
    expect(client.getSessionTimeout()).toBe(10_000);

    client.connect();
    await emitted(client, 'connected');
    expect(client.getState()).toBe(State.SYNC_CONNECTED);
    expect(client.state).toBe(State.SYNC_CONNECTED);
    expect(client.getSessionId()).not.toEqual(Buffer.alloc(8));
    expect(client.getSessionId()).toHaveLength(8);
    expect(client.getSessionPassword()).toHaveLength(16);
    expect(client.connectionManager.state).toBe(2);

    client.close();
    await emitted(client, 'disconnected');
    expect(client.getState()).toBe(State.DISCONNECTED);
    // As there: the events of their own come from the first listener of `state`.
    expect(seen).toEqual(['connected', 'SYNC_CONNECTED[3]', 'disconnected', 'DISCONNECTED[0]']);
  });

  test('may be asked before it is connected', async () => {
    const client = clients.make(server.current.connectString);
    const created = client.createAsync('/early');
    client.connect();
    expect(await created).toBe('/early');
  });

  test('is not disturbed by a second connect', async () => {
    const client = clients.make(server.current.connectString);
    const seen = eventsOf(client);
    const { acceptedCount } = server.current.traffic;
    client.connect();
    client.connect();
    await emitted(client, 'connected');
    client.connect();
    await client.existsAsync('/');
    expect(seen).toEqual(['connected']);
    expect(server.current.traffic.acceptedCount).toBe(acceptedCount + 1);
  });

  test('is taken up by its id and password', async () => {
    // Behind it, the one who had the session cannot come back for it.
    await using proxy = await startTestProxy({ target: { port: server.current.port } });
    const first = await clients.connect(proxy.connectString);
    await first.createAsync('/mine', 1);
    proxy.refuse();
    proxy.dropConnections();
    await emitted(first, 'disconnected');
    const second = await clients.connect(server.current.connectString, {
      sessionId: first.getSessionId(),
      sessionPassword: first.getSessionPassword(),
    });
    expect(second.getSessionId()).toEqual(first.getSessionId());
    expect((await second.existsAsync('/mine'))?.ephemeralOwner).toEqual(first.getSessionId());
  });

  test('goes on over a lost connection, and what was asked meanwhile is answered', async () => {
    const client = await clients.connect(server.current.connectString);
    const seen = eventsOf(client);
    const id = client.getSessionId();
    client.connectionManager.socket?.destroy();
    await emitted(client, 'disconnected');
    expect(client.connectionManager.state).toBe(1);
    expect(await client.existsAsync('/')).not.toBeNull();
    expect(client.getSessionId()).toEqual(id);
    expect(seen).toEqual(['disconnected', 'connected']);
  });

  test('that the server has ended is expired, and then disconnected', async () => {
    const client = await clients.connect(server.current.connectString);
    const seen = eventsOf(client);
    const over = emitted(client, 'expired');
    await server.current.expireSession(client.getSessionId().readBigInt64BE());
    await over;
    expect(client.getState()).toBe(State.EXPIRED);
    await emitted(client, 'disconnected');
    expect(seen).toEqual(['disconnected', 'expired', 'disconnected']);
    await expect(client.existsAsync('/')).rejects.toMatchObject({
      code: Exception.SESSION_EXPIRED,
      path: '/',
    });
    // Whoever connects again is told again.
    client.connect();
    await emitted(client, 'expired');
  });

  test('whose credentials are refused is told of', async () => {
    const client = await clients.connect(server.current.connectString);
    const seen = eventsOf(client);
    client.addAuthInfo('no-such-scheme', Buffer.from('x'));
    await emitted(client, 'authenticationFailed');
    expect(client.getState()).toBe(State.AUTH_FAILED);
    await emitted(client, 'disconnected');
    expect(seen).toEqual(['authenticationFailed', 'disconnected']);
    await expect(client.existsAsync('/')).rejects.toMatchObject({ code: Exception.AUTH_FAILED });
  });

  test('of a read-only server is told of, where it is asked for', async () => {
    await using scripted = await ScriptedServer.start(({ xid }) => reply(xid, -119), {
      readOnly: true,
    });
    const client = clients.make(scripted.connectString, { readOnly: true });
    client.connect();
    await emitted(client, 'connectedReadOnly');
    expect(client.getState()).toBe(State.CONNECTED_READ_ONLY);
    expect(scripted.connectRequests[0]?.readOnly).toBe(true);
    await expect(client.createAsync('/a')).rejects.toMatchObject({
      code: Exception.NOT_READ_ONLY,
      name: 'NOT_READ_ONLY',
    });
  });

  test('shows the credentials of the options', async () => {
    const client = await clients.connect(server.current.connectString, {
      auth: [{ scheme: 'digest', auth: 'a:b' }],
    });
    expect((await client.zookeeper.whoAmI()).map(({ authScheme }) => authScheme)).toContain(
      'digest',
    );
  });
});

describe('close', () => {
  test('comes after the answers to what was asked before', async () => {
    const client = await clients.connect(server.current.connectString);
    const seen: string[] = [];
    client.on('disconnected', () => seen.push('disconnected'));
    const created = called<[string]>((done) => client.create('/before-close', done)).then(() =>
      seen.push('created'),
    );
    client.close();
    client.close();
    const refused = client.existsAsync('/').catch(({ code }: Exception) => code);
    expect(await refused).toBe(Exception.CONNECTION_LOSS);
    await emitted(client, 'disconnected');
    await created;
    expect(seen).toEqual(['created', 'disconnected']);
  });

  test('before connect ends the client, and what was asked', async () => {
    const client = clients.make(server.current.connectString);
    const asked = client.existsAsync('/').catch(({ code }: Exception) => code);
    client.close();
    expect(await asked).toBe(Exception.CONNECTION_LOSS);
    expect(client.getState()).toBe(State.DISCONNECTED);
  });

  test('while it connects ends the attempt', async () => {
    await using scripted = await ScriptedServer.start(() => undefined, { silent: true });
    const client = clients.make(scripted.connectString);
    const connected = vi.fn();
    client.on('connected', connected);
    client.connect();
    const asked = client.existsAsync('/').catch(({ code }: Exception) => code);
    await vi.waitFor(() => expect(scripted.connectRequests).toHaveLength(1));
    client.close();
    expect(await asked).toBe(Exception.CONNECTION_LOSS);
    await vi.waitFor(() => expect(client.connectionManager.socket).toBeUndefined());
    expect(connected).not.toHaveBeenCalled();
  });

  test('takes the ephemerals with it', async () => {
    const client = await clients.connect(server.current.connectString);
    const other = await clients.connect(server.current.connectString);
    await client.createAsync('/gone-with-it', 1);
    await closed(client);
    expect(await other.existsAsync('/gone-with-it')).toBeNull();
  });
});

describe('retries', () => {
  test('are made after CONNECTION_LOSS alone, as often as asked', async () => {
    let lost = 0;
    await using scripted = await ScriptedServer.start(({ xid, op, socket }) => {
      if (op === OpCode.delete) return reply(xid, -101);
      lost++;
      if (lost === 3) return reply(xid, 0, (writer) => writer.ustring('/a'));
      socket.destroy();
      return undefined;
    });
    const client = await clients.connect(scripted.connectString, { retries: 2 });
    // The pauses, which are these and no others', pass at once.
    const pauses: number[] = [];
    const { setTimeout: realSetTimeout } = globalThis;
    const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((
      callback: () => void,
      ms: number,
    ) => {
      const isPause = ms === 1_000 || ms === 2_000;
      if (isPause) pauses.push(ms);
      return realSetTimeout(callback, isPause ? 0 : ms);
    }) as typeof setTimeout);
    try {
      expect(await client.createAsync('/a')).toBe('/a');
      expect(lost).toBe(3);
      await expect(client.removeAsync('/a')).rejects.toMatchObject({ code: Exception.NO_NODE });
      expect(pauses).toEqual([1_000, 2_000]);
    } finally {
      spy.mockRestore();
    }
  });

  test('are none unless asked for: reads fail, too, when their answer is lost', async () => {
    await using scripted = await ScriptedServer.start(({ socket }) => {
      socket.destroy();
      return undefined;
    });
    const client = await clients.connect(scripted.connectString);
    const seen: string[] = [];
    client.on('disconnected', () => seen.push('disconnected'));
    const refused = new Promise<Exception | null>((resolve) => {
      client.getData('/a', (error) => {
        seen.push('callback');
        resolve(error);
      });
    });
    expect(await refused).toMatchObject({ code: Exception.CONNECTION_LOSS, path: '/a' });
    await emitted(client, 'connected');
    expect(seen).toEqual(['callback', 'disconnected']);
  });

  test('end with the client', async () => {
    await using scripted = await ScriptedServer.start(({ socket }) => {
      socket.destroy();
      return undefined;
    });
    const client = await clients.connect(scripted.connectString, { retries: 50 });
    const asked = client.existsAsync('/a').catch(({ code }: Exception) => code);
    await emitted(client, 'connected');
    client.close();
    expect(await asked).toBe(Exception.CONNECTION_LOSS);
  });
});

describe('what a listener, callback or watcher throws', () => {
  test('is an uncaught exception, and the session goes on', async () => {
    await using own = await startTestServer();
    const client = await clients.connect(own.connectString);
    // The test runner listens, too, and would fail the test.
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const uncaught: string[] = [];
    process.on('uncaughtException', (error) => uncaught.push(error.message));
    try {
      const throwing = (message: string) => () => {
        throw new Error(message);
      };
      client.create('/a', throwing('callback'));
      client.getData('/a', throwing('watcher'), throwing('callback of a read'));
      client.setData('/a', null, () => {});
      client.listSubTreeBFS('/', throwing('callback of many'));
      client.once('disconnected', throwing('listener'));
      await client.existsAsync('/a');
      client.connectionManager.socket?.destroy();
      await emitted(client, 'connected');
      expect(await client.existsAsync('/a')).toMatchObject({ version: 1 });
      expect(uncaught.sort()).toEqual([
        'callback',
        'callback of a read',
        'callback of many',
        'listener',
        'watcher',
      ]);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
  });
});
