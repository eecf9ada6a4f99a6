import { startTestServer, type TestServer } from '@zooid/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConnectOptions, type ZooKeeper, ZooKeeperError } from '../../src/index.ts';
import { checkLeaks, client } from '../support/leaks.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
checkLeaks();

/** A client whose first connection is cut after so many bytes; undefined when it never got a session on it. */
function connectCut(
  direction: 'to-server' | 'to-client',
  bytes: number,
  options?: ConnectOptions,
): Promise<ZooKeeper> {
  server.cutAfter({ direction, bytes });
  return client(server.connectString, { maxReconnectDelayMs: 5, ...options });
}

/** How many bytes pass in a direction while `run` runs. */
async function measure(run: () => Promise<unknown>) {
  const before = server.traffic;
  await run();
  const after = server.traffic;
  return {
    'to-server': after.bytesToServer - before.bytesToServer,
    'to-client': after.bytesToClient - before.bytesToClient,
  };
}

/** What a call came to. */
async function fateOf(call: Promise<unknown>): Promise<'done' | 'not-applied' | 'unknown'> {
  try {
    await call;
    return 'done';
  } catch (error) {
    if (!ZooKeeperError.is(error)) throw error;
    expect(error.code).toBe('CONNECTION_LOSS');
    return error.outcome;
  }
}

describe.each(['to-server', 'to-client'] as const)('a connection cut %s', (direction) => {
  test('at any byte of the handshake is another attempt, and one session', async () => {
    let handshake = { 'to-server': 0, 'to-client': 0 };
    handshake = await measure(() => client(server.connectString));
    for (let bytes = 0; bytes < handshake[direction]; bytes++) {
      const zk = await connectCut(direction, bytes);
      expect(await zk.exists('/')).toBeDefined();
      expect(zk.state).toBe('connected');
      await zk.close();
    }
  });

  test('at any byte of a create never makes two, and says what is known', async () => {
    const handshake = await measure(() => client(server.connectString));
    const warm = await client(server.connectString);
    const parent = `/cut-${direction}`;
    await warm.create(parent);
    const mode = 'persistent-sequential';
    const bytes = await measure(() => warm.create(`${parent}/w-`, 'w', { mode }));
    const fates = new Set<string>();
    for (let at = 0; at <= bytes[direction]; at++) {
      const zk = await connectCut(direction, handshake[direction] + at);
      const name = `${at}-`.padStart(4, '0');
      const fate = await fateOf(zk.create(`${parent}/${name}`, 'w', { mode }));
      fates.add(fate);
      // The same session, on another connection: it sees what became of it.
      await zk.sync();
      const { names } = await zk.children(parent);
      const made = names.filter((one) => one.startsWith(name)).length;
      if (fate === 'done') expect([at, made]).toEqual([at, 1]);
      else if (fate === 'not-applied') expect([at, made]).toEqual([at, 0]);
      else expect(made).toBeLessThanOrEqual(1);
      await zk.close();
    }
    expect(fates).toContain('unknown');
  });

  test('at any byte of a read is sent again, and answered', async () => {
    const handshake = await measure(() => client(server.connectString));
    const warm = await client(server.connectString);
    const bytes = await measure(() => warm.get('/zookeeper'));
    for (let at = 0; at <= bytes[direction]; at++) {
      const zk = await connectCut(direction, handshake[direction] + at);
      expect((await zk.get('/zookeeper')).stat.czxid).toBe(0n);
      await zk.close();
    }
  });

  test('at any byte of a write of which twice is as good as once ends with it done', async () => {
    const handshake = await measure(() => client(server.connectString));
    const warm = await client(server.connectString);
    const path = `/idempotent-${direction}`;
    await warm.create(path);
    const bytes = await measure(() => warm.set(path, 'x', { idempotent: true }));
    for (let at = 0; at <= bytes[direction]; at += 3) {
      const zk = await connectCut(direction, handshake[direction] + at);
      await zk.set(path, `at ${at}`, { idempotent: true });
      expect((await zk.get(path)).text()).toBe(`at ${at}`);
      await zk.close();
    }
  });

  test('at any byte of closing ends it all the same', async () => {
    const handshake = await measure(() => client(server.connectString));
    for (let at = 0; at <= 24; at++) {
      const zk = await connectCut(direction, handshake[direction] + at);
      await zk.close();
      expect(zk.state).toBe('closed');
    }
  });
});

test('reads that are not to be sent again fail, and changed nothing', async () => {
  const handshake = await measure(() => client(server.connectString));
  const zk = await connectCut('to-client', handshake['to-client'], { retryReads: false });
  await expect(zk.get('/')).rejects.toMatchObject({
    code: 'CONNECTION_LOSS',
    outcome: 'not-applied',
    operation: 'get',
    path: '/',
  });
});

describe('what twice is as good as once', () => {
  test('is done whichever answer is lost: making sure of a path', async () => {
    const handshake = await measure(() => client(server.connectString));
    const warm = await client(server.connectString);
    const bytes = await measure(() => warm.ensurePath('/sure-warm/a'));
    for (let at = 0; at <= bytes['to-client']; at += 3) {
      const zk = await connectCut('to-client', handshake['to-client'] + at);
      await zk.ensurePath(`/sure-${at}/a`);
      expect(await zk.exists(`/sure-${at}/a`)).toBeDefined();
      await zk.close();
    }
  });

  test('is done whichever answer is lost: deleting a tree', async () => {
    const handshake = await measure(() => client(server.connectString));
    const warm = await client(server.connectString);
    await warm.ensurePath('/gone-0/a');
    const bytes = await measure(() => warm.deleteTree('/gone-0'));
    for (let at = 0; at <= bytes['to-client']; at += 3) {
      await warm.ensurePath('/gone/a');
      const zk = await connectCut('to-client', handshake['to-client'] + at);
      await zk.deleteTree('/gone');
      expect(await zk.exists('/gone')).toBeUndefined();
      await zk.close();
    }
  });
});
