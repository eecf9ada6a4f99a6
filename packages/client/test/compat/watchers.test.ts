import { OpCode } from '@zooid/protocol';
import { describe, expect, test, vi } from 'vitest';
import { type Client, Event } from '../../src/compat/index.ts';
import { notification, reply, ScriptedServer } from './scripted-server.ts';
import { Clients, called, emitted, useServer } from './support.ts';

const server = useServer();
const clients = new Clients();

let nextName = 0;
/** Two clients of a part of the tree: one that watches and one that changes. */
async function pair(): Promise<readonly [Client, Client]> {
  const root = `/w${nextName++}`;
  const outside = await clients.connect(server.current.connectString);
  await outside.createAsync(root);
  const connect = () => clients.connect(`${server.current.connectString}${root}`);
  return [await connect(), await connect()];
}

/** An event comes before the answer to any later request. */
const settled = (client: Client) => client.existsAsync('/');

describe('a watcher', () => {
  test('hears once of a change, with the path below the chroot', async () => {
    const [client, other] = await pair();
    const seen: Event[] = [];
    const watcher = (event: Event) => seen.push(event);
    await client.existsAsync('/a', watcher);
    await other.createAsync('/a');
    await settled(client);
    expect(seen).toEqual([Event.create({ type: Event.NODE_CREATED, path: '/a' })]);
    expect(seen[0]).toBeInstanceOf(Event);

    await client.getDataAsync('/a', watcher);
    await client.getChildrenAsync('/a', watcher);
    await other.createAsync('/a/b');
    await other.setDataAsync('/a', Buffer.from('1'));
    await other.setDataAsync('/a', Buffer.from('2'));
    await settled(client);
    expect(seen.slice(1).map(String)).toEqual([
      'NODE_CHILDREN_CHANGED[4]@/a',
      'NODE_DATA_CHANGED[3]@/a',
    ]);
  });

  test('is registered once for a path and a kind, however often it is given', async () => {
    const [client, other] = await pair();
    await client.createAsync('/a');
    const seen: string[] = [];
    const watcher = (event: Event) => seen.push(String(event));
    for (let i = 0; i < 3; i++) {
      await client.getDataAsync('/a', watcher);
      await client.existsAsync('/a', watcher);
      await client.getChildrenAsync('/a', watcher);
    }
    await other.removeAsync('/a');
    await settled(client);
    // Once for the data, once for the children.
    expect(seen).toEqual(['NODE_DELETED[2]@/a', 'NODE_DELETED[2]@/a']);
  });

  test('may ask again while it hears', async () => {
    const [client, other] = await pair();
    await client.createAsync('/a');
    const seen: string[] = [];
    const watcher = (event: Event) => {
      seen.push(event.getName());
      client.getData('/a', watcher, () => {});
    };
    await client.getDataAsync('/a', watcher);
    for (let i = 0; i < 3; i++) {
      await other.setDataAsync('/a', null);
      await settled(client);
    }
    expect(seen).toEqual(['NODE_DATA_CHANGED', 'NODE_DATA_CHANGED', 'NODE_DATA_CHANGED']);
  });

  test('is not registered by a read that fails', async () => {
    const [client, other] = await pair();
    const watcher = vi.fn();
    await expect(client.getDataAsync('/a', watcher)).rejects.toMatchObject({ code: -101 });
    await other.createAsync('/a');
    await settled(client);
    expect(watcher).not.toHaveBeenCalled();
  });

  test('goes over to the next connection', async () => {
    const [client, other] = await pair();
    await client.createAsync('/a');
    const fired = new Promise<Event>((resolve) => {
      client.getData('/a', resolve, () => {});
    });
    await settled(client);
    const back = emitted(client, 'disconnected').then(() => emitted(client, 'connected'));
    client.connectionManager.socket?.destroy();
    await back;
    await other.setDataAsync('/a', null);
    expect(String(await fired)).toBe('NODE_DATA_CHANGED[3]@/a');
  });

  test('is one of any number, without a warning', async () => {
    const [client, other] = await pair();
    await client.createAsync('/a');
    const warned = vi.fn();
    process.on('warning', warned);
    const watchers = Array.from({ length: 50 }, () => vi.fn());
    await Promise.all(watchers.map((watcher) => client.getDataAsync('/a', watcher)));
    await other.setDataAsync('/a', null);
    await settled(client);
    process.off('warning', warned);
    for (const watcher of watchers) expect(watcher).toHaveBeenCalledTimes(1);
    expect(warned).not.toHaveBeenCalled();
  });
});

describe('the order of what the server sent', () => {
  test('is that of callbacks and watchers', async () => {
    let firstCreate: number | undefined;
    await using scripted = await ScriptedServer.start(({ xid, op }) => {
      if (op === OpCode.exists) return reply(xid, -101);
      firstCreate ??= xid;
      if (xid < firstCreate + 2) return undefined;
      // All in one segment: an answer, an event, a refusal, an event and an answer.
      return Buffer.concat([
        reply(firstCreate, 0, (writer) => writer.ustring('/made')),
        notification(1, '/watched'),
        reply(firstCreate + 1, -110),
        notification(1, '/other'),
        reply(firstCreate + 2, 0, (writer) => writer.ustring('/last')),
      ]);
    });
    const client = await clients.connect(scripted.connectString);
    const seen: unknown[] = [];
    const watcher = (event: Event) => seen.push(event.path);
    await called((done) => client.exists('/watched', watcher, done));
    await called((done) => client.exists('/other', watcher, done));

    const last = new Promise<void>((resolve) => {
      client.create('/made', (_error, path) => seen.push(path));
      client.create('/there', (error) => seen.push(error?.code));
      client.create('/last', (_error, path) => {
        seen.push(path);
        resolve();
      });
    });
    await last;
    expect(seen).toEqual(['/made', '/watched', -110, '/other', '/last']);
  });
});
