// What node-zookeeper-client 1.1.3 does wrong, and this does not; the API is the same.

import { readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import { type JuteWriter, OpCode, writeMultiEnd, writeMultiHeader } from '@zooid/protocol';
import { startTestServer } from '@zooid/testing';
import { describe, expect, test, vi } from 'vitest';
import { ACL, type Client, CreateMode, Event, Exception } from '../../src/compat/index.ts';
import { notification, reply, type ScriptedRequest, ScriptedServer } from './scripted-server.ts';
import { Clients, emitted, eventsOf, useServer } from './support.ts';

const server = useServer();
const clients = new Clients();

/** A client whose server says what a test wants. */
async function scripted(
  script: (request: ScriptedRequest) => Uint8Array | undefined,
): Promise<{ readonly client: Client } & AsyncDisposable> {
  const own = await ScriptedServer.start(script);
  const client = await clients.connect(own.connectString);
  return { client, [Symbol.asyncDispose]: () => own[Symbol.asyncDispose]() };
}

describe('what a server may send', () => {
  test('an error code that nobody knows is an exception with that code', async () => {
    await using own = await scripted(({ xid }) => reply(xid, -999));
    await expect(own.client.existsAsync('/a')).rejects.toMatchObject({
      code: -999,
      name: 'UNKNOWN_ERROR',
      path: '/a',
      message: 'Exception: UNKNOWN_ERROR[-999]@/a',
    });
  });

  test('SESSION_MOVED ends the connection and not the process', async () => {
    await using own = await scripted(({ xid, connectionIndex }) => {
      return reply(xid, connectionIndex === 0 ? Exception.SESSION_MOVED : Exception.NO_NODE);
    });
    await expect(own.client.createAsync('/a')).rejects.toMatchObject({
      code: Exception.CONNECTION_LOSS,
      path: '/a',
    });
    expect(await own.client.existsAsync('/a')).toBeNull();
  });

  test('an event that nobody knows is passed over', async () => {
    await using own = await scripted(({ xid }) => {
      return Buffer.concat([notification(77, '/a'), reply(xid, -101)]);
    });
    const watcher = vi.fn();
    expect(await own.client.existsAsync('/a', watcher)).toBeNull();
    expect(await own.client.existsAsync('/a')).toBeNull();
    expect(watcher).not.toHaveBeenCalled();
  });

  test('an ACL that a caller could not make is given as it is', async () => {
    await using own = await scripted(({ xid }) => {
      return reply(xid, 0, (writer) => {
        writer.int(1);
        writer.int(0);
        writer.ustring('');
        writer.ustring('x');
        for (let i = 0; i < 17; i++) writer.int(0);
      });
    });
    expect((await own.client.getACLAsync('/a')).acls).toMatchObject([
      { permission: 0, id: { scheme: '', id: 'x' } },
    ]);
  });

  test('half an answer is forgotten with its connection', async () => {
    await using own = await scripted(({ xid, connectionIndex, socket }) => {
      if (connectionIndex > 0) return reply(xid, -101);
      socket.end(reply(xid, -101).subarray(0, 9));
      return undefined;
    });
    await expect(own.client.existsAsync('/a')).rejects.toMatchObject({
      code: Exception.CONNECTION_LOSS,
    });
    expect(await own.client.existsAsync('/a')).toBeNull();
  });
});

describe('the connection', () => {
  test('may be TLS', async () => {
    const certificate = (name: string) =>
      readFileSync(join(import.meta.dirname, '../certificates', name));
    const terminator = tls.createServer(
      { key: certificate('server-key.pem'), cert: certificate('server.pem') },
      (socket) => {
        const inner = net.connect(server.current.port, server.current.host);
        socket.on('error', () => inner.destroy());
        inner.on('error', () => socket.destroy());
        socket.pipe(inner).pipe(socket);
      },
    );
    await new Promise<void>((resolve) => terminator.listen(0, '127.0.0.1', resolve));
    const { port } = terminator.address() as net.AddressInfo;
    try {
      const client = await clients.connect(`127.0.0.1:${port}`, {
        tls: { ca: certificate('authority.pem'), servername: 'localhost' },
      });
      expect(await client.existsAsync('/')).not.toBeNull();
      const over = emitted(client, 'disconnected');
      client.close();
      await over;
    } finally {
      await new Promise((resolve) => terminator.close(resolve));
    }
  });

  test('may be authenticated by SASL', async () => {
    const heard: number[] = [];
    await using own = await ScriptedServer.start(({ xid, op }) => {
      heard.push(op);
      return op === OpCode.sasl
        ? reply(xid, 0, (writer) => writer.buffer(Buffer.from('believed')))
        : reply(xid, -101);
    });
    const client = await clients.connect(own.connectString, {
      sasl: {
        start: () => ({
          respond: (challenge) => (challenge === null ? Buffer.from('me') : undefined),
        }),
      },
    });
    expect(await client.existsAsync('/a')).toBeNull();
    expect(heard).toEqual([OpCode.sasl, OpCode.exists]);
  });

  test('that cannot be made is told of', async () => {
    const closedPort = await ScriptedServer.start(() => undefined);
    const { connectString } = closedPort;
    await closedPort[Symbol.asyncDispose]();
    const client = clients.make(connectString);
    const failures: Error[] = [];
    client.on('connectionError', (error) => failures.push(error));
    client.connect();
    await vi.waitFor(() => expect(failures.length).toBeGreaterThan(1));
    expect(failures[0]?.message).toMatch(/ECONNREFUSED|refused/);
  });

  test('that was made and is given up is no failure to connect', async () => {
    await using own = await scripted(({ xid, connectionIndex }) => {
      // At first an answer to something else: then the client hangs up.
      return reply(connectionIndex === 0 ? xid + 7 : xid, Exception.NO_NODE);
    });
    const failed = vi.fn();
    own.client.on('connectionError', failed);
    await expect(own.client.existsAsync('/a')).rejects.toMatchObject({
      code: Exception.CONNECTION_LOSS,
    });
    expect(await own.client.existsAsync('/a')).toBeNull();
    expect(failed).not.toHaveBeenCalled();
  });

  test('to a server that never answers the handshake is given up for another', async () => {
    await using silent = await ScriptedServer.start(() => undefined, { silent: true });
    const client = clients.make(silent.connectString, { sessionTimeout: 1_000 });
    const failed = emitted(client, 'connectionError');
    client.connect();
    await failed;
    await vi.waitFor(() => expect(silent.connectRequests.length).toBeGreaterThan(1));
  });

  test('that has gone silent is noticed, and the session expires while no server can be reached', async () => {
    await using own = await startTestServer({ tickTimeMs: 50, minSessionTimeoutMs: 100 });
    const client = await clients.connect(own.connectString, { sessionTimeout: 1_000 });
    expect(client.getSessionTimeout()).toBe(1_000);
    const seen = eventsOf(client);
    own.partition();
    await emitted(client, 'disconnected');
    const waiting = client.existsAsync('/').catch(({ code }: Exception) => code);
    await emitted(client, 'expired');
    expect(seen).toEqual(['disconnected', 'expired']);
    // What was asked meanwhile is not forgotten.
    expect(await waiting).toBe(Exception.SESSION_EXPIRED);
    await own.heal();
  });

  test('is first shown credentials and watches, and then what was asked meanwhile', async () => {
    const heard: number[][] = [[], []];
    let isBack = false;
    await using own = await ScriptedServer.start(({ xid, op, connectionIndex, socket }) => {
      heard[connectionIndex]?.push(op);
      if (op === OpCode.create && !isBack) {
        isBack = true;
        socket.destroy();
        return undefined;
      }
      return op === OpCode.exists ? reply(xid, -101) : reply(xid, 0);
    });
    const client = await clients.connect(own.connectString);
    client.addAuthInfo('digest', Buffer.from('a:b'));
    await client.existsAsync('/watched', () => {});
    const lost = emitted(client, 'disconnected');
    client.create('/a', () => {});
    await lost;
    await client.existsAsync('/asked-meanwhile');
    expect(heard).toEqual([
      [OpCode.auth, OpCode.exists, OpCode.create],
      [OpCode.auth, OpCode.setWatches, OpCode.exists],
    ]);
  });

  test('tells the newest zxid of events too, and never one that is none', async () => {
    await using own = await ScriptedServer.start(({ xid, path, connectionIndex, socket }) => {
      if (connectionIndex > 0) return reply(xid, -101);
      if (path === '/a') return Buffer.concat([reply(xid, -101), notification(1, '/a', 9)]);
      socket.end(notification(1, '/b', -1));
      return undefined;
    });
    const client = await clients.connect(own.connectString);
    await client.existsAsync('/a');
    const lost = emitted(client, 'disconnected');
    client.exists('/b', () => {});
    await lost;
    await client.existsAsync('/b');
    expect(own.connectRequests.map(({ lastZxidSeen }) => lastZxidSeen)).toEqual([0, 9]);
  });

  test('gets thousands of watches back in requests that a server takes', async () => {
    const frames: number[] = [];
    await using own = await ScriptedServer.start(({ xid, op, frameBytes }) => {
      if (op !== OpCode.setWatches) return reply(xid, -101);
      frames.push(frameBytes);
      return reply(xid, 0);
    });
    const client = await clients.connect(own.connectString);
    const name = 'x'.repeat(1_000);
    await Promise.all(
      Array.from({ length: 1_200 }, (_, i) => client.existsAsync(`/${name}${i}`, () => {})),
    );
    const lost = emitted(client, 'disconnected');
    client.connectionManager.socket?.destroy();
    await lost;
    await client.existsAsync('/a');
    expect(frames.length).toBeGreaterThan(1);
    expect(Math.max(...frames)).toBeLessThan(0xfffff);
    expect(frames.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThan(1_200 * 1_000);
  });
});

describe('an operation', () => {
  test('setData takes null and undefined', async () => {
    const client = await clients.connect(server.current.connectString);
    await client.createAsync('/null', Buffer.from('x'));
    expect(await client.setDataAsync('/null', null)).toMatchObject({ version: 1, dataLength: 0 });
    expect((await client.getDataAsync('/null')).data).toBeUndefined();
    expect((await client.setDataAsync('/null', undefined)).version).toBe(2);
  });

  test('of a transaction may ask for version 0', async () => {
    const client = await clients.connect(server.current.connectString);
    await client.createAsync('/v0');
    await client.setDataAsync('/v0', null);
    const codeOf = (commit: Promise<unknown>) => commit.catch(({ code }: Exception) => code);
    expect(await codeOf(client.transaction().check('/v0', 0).commitAsync())).toBe(-103);
    expect(await codeOf(client.transaction().setData('/v0', null, 0).commitAsync())).toBe(-103);
    expect(await codeOf(client.transaction().remove('/v0', 0).commitAsync())).toBe(-103);
    expect(await client.transaction().check('/v0', 1).remove('/v0').commitAsync()).toHaveLength(2);
  });

  test('mkdirp gives data and mode to the last znode alone, and its ACL to all', async () => {
    const client = await clients.connect(server.current.connectString);
    client.addAuthInfo('digest', Buffer.from('m:p'));
    const path = '/mk/dir/p';
    await client.mkdirpAsync(path, Buffer.from('x'), CreateMode.EPHEMERAL, ACL.CREATOR_ALL_ACL);
    const facts = async (at: string) => {
      const { data, stat } = await client.getDataAsync(at);
      const { acls } = await client.getACLAsync(at);
      const isEphemeral = !stat.ephemeralOwner.equals(Buffer.alloc(8));
      return [data?.toString(), isEphemeral, acls[0]?.id.scheme];
    };
    expect(await facts('/mk')).toEqual([undefined, false, 'digest']);
    expect(await facts('/mk/dir')).toEqual([undefined, false, 'digest']);
    expect(await facts(path)).toEqual(['x', true, 'digest']);
    const sequential = await client.mkdirpAsync('/mk/q/n-', CreateMode.PERSISTENT_SEQUENTIAL);
    expect(sequential).toBe('/mk/q/n-0000000000');
  });

  test('removeRecursive asks for the version of the first znode alone, and removes all or nothing', async () => {
    const client = await clients.connect(server.current.connectString);
    for (const path of ['/rr/a/1', '/rr/b']) await client.mkdirpAsync(path);
    await client.setDataAsync('/rr', null);
    await client.setDataAsync('/rr/a', null);
    await client.setDataAsync('/rr/a', null);
    await expect(client.removeRecursiveAsync('/rr', 7)).rejects.toMatchObject({
      code: Exception.BAD_VERSION,
      path: '/rr',
    });
    expect(await client.listSubTreeBFSAsync('/rr')).toHaveLength(4);
    await client.removeRecursiveAsync('/rr', 1);
    expect(await client.existsAsync('/rr')).toBeNull();
  });

  test('removeRecursive goes on when somebody else removes something meanwhile', async () => {
    const multis: number[] = [];
    let listed = 0;
    await using own = await scripted(({ xid, op, path }) => {
      if (op === OpCode.getChildren2) {
        if (path === '/r') return childrenReply(xid, listed++ === 0 ? ['a', 'b'] : ['b']);
        return childrenReply(xid, []);
      }
      multis.push(xid);
      // At first, one of those below has gone.
      const errors = multis.length === 1 ? [0, -101, -2] : [];
      return reply(xid, 0, (writer) => {
        for (const error of errors) {
          writeMultiHeader(writer, OpCode.error, error);
          writer.int(error);
        }
        writeMultiEnd(writer);
      });
    });
    await own.client.removeRecursiveAsync('/r');
    expect([listed, multis.length]).toEqual([2, 2]);
  });

  test('removeRecursive ends, even if something is gone each time', async () => {
    await using own = await scripted(({ xid, op, path }) => {
      if (op === OpCode.getChildren2) return childrenReply(xid, path === '/r' ? ['a'] : []);
      return reply(xid, 0, (writer) => {
        writeMultiHeader(writer, OpCode.error, -101);
        writer.int(-101);
        writeMultiEnd(writer);
      });
    });
    await own.client.removeRecursiveAsync('/r');
  });

  test('listSubTreeBFS leaves out what vanishes meanwhile', async () => {
    await using own = await scripted(({ xid, path }) => {
      if (path === '/r') return childrenReply(xid, ['a', 'b']);
      return path === '/r/a' ? reply(xid, Exception.NO_NODE) : childrenReply(xid, []);
    });
    expect(await own.client.listSubTreeBFSAsync('/r')).toEqual(['/r', '/r/b']);
  });

  test('that is refused has its path in the exception, and the new error as its cause', async () => {
    const client = await clients.connect(server.current.connectString);
    const error = await client.getDataAsync('/no').catch((cause: Exception) => cause);
    expect(String(error)).toBe('Exception: NO_NODE[-101]@/no');
    expect((error as Exception).cause).toMatchObject({ code: 'NO_NODE', outcome: 'not-applied' });
  });

  test('may watch with a function for each of many events', async () => {
    const client = await clients.connect(server.current.connectString);
    const fired = new Promise<Event>((resolve) => client.exists('/many', resolve, () => {}));
    await client.createAsync('/many');
    expect((await fired).type).toBe(Event.NODE_CREATED);
  });
});

function childrenReply(xid: number, names: readonly string[]): Uint8Array {
  return reply(xid, 0, (writer: JuteWriter) => {
    writer.int(names.length);
    for (const name of names) writer.ustring(name);
    for (let i = 0; i < 17; i++) writer.int(0);
  });
}
