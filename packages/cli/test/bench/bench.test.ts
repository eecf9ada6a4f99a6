import { connect, Permission, type ZooKeeper } from '@zooid/client';
import { startTestServer, type TestServer } from '@zooid/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../src/program.ts';
import { FakeParts } from '../support/fake-parts.ts';

let server: TestServer;
let parts: FakeParts;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(() => server.close());

beforeEach(() => {
  parts = new FakeParts();
});

const QUICK = ['--seconds', '0.2', '--warm-up', '0.1', '--connections', '3', '--outstanding', '4'];

async function rootNames(): Promise<readonly string[]> {
  await using zk = await connect(server.connectString);
  return (await zk.children('/')).names;
}

/** Where the load creates znodes, as soon as it is under way. */
async function pathOfCreated(zk: ZooKeeper): Promise<string> {
  for await (const { path } of zk.watch('/', { recursive: true })) {
    const parent = /^(.*\/created)\//.exec(path)?.[1];
    if (parent !== undefined) return parent;
  }
  throw new Error('the session has ended');
}

describe('zooid bench', () => {
  test('measures each workload, and removes what it has made', async () => {
    const workloads = ['--workload', 'get,set,create,getChildren,mixed-50-50'];
    const args = ['bench', server.connectString, ...QUICK, ...workloads];
    expect(await runCommandLine(args, parts)).toBe(0);
    const [heading, ...rows] = parts.out.trimEnd().split('\n');
    expect(heading).toMatch(/^WORKLOAD +REQUESTS\/S +P50 MS +P99 MS +P99\.9 MS +MAX MS$/);
    expect(rows.map((row) => row.split(/ +/)[0])).toEqual([
      'get',
      'set',
      'create',
      'getChildren',
      'mixed-50-50',
    ]);
    for (const row of rows) expect(row).toMatch(/^\S+ +[\d,]+( +[\d.]+){4}$/);
    expect(parts.errors).toMatch(/3 connections, 4 requests in flight on each, 100 bytes\n/);
    expect(await rootNames()).toEqual(['zookeeper']);
  });

  test('prints JSON, and spreads connections over all servers', async () => {
    // Two names of the same server.
    const hosts = `127.0.0.1:${server.port},localhost:${server.port}`;
    const args = ['bench', hosts, ...QUICK, '--workload', 'get', '--bytes', '7', '--json'];
    expect(await runCommandLine(args, parts)).toBe(0);
    expect(JSON.parse(parts.out)).toMatchObject({
      servers: hosts.split(','),
      connections: 3,
      outstanding: 4,
      valueBytes: 7,
      measureMs: 200,
      workloads: [{ workload: 'get', perSecond: expect.any(Number) }],
    });
  });

  test('fails when a server refuses a request', async () => {
    const args = ['bench', server.connectString, '--seconds', '600', '--workload', 'create'];
    const running = runCommandLine(args, parts);
    await using zk = await connect(server.connectString);
    const parent = await pathOfCreated(zk);
    const perms = Permission.read | Permission.delete;
    await zk.setAcl(parent, [{ scheme: 'world', id: 'anyone', perms }]);
    expect(await running).toBe(1);
    expect(parts.errors).toMatch(/zooid: create: the reply to request .*noAuth/);
    expect(parts.errors).toContain('nothing of this workload counts');
    expect(await rootNames()).toEqual(['zookeeper']);
  });

  test('removes its znodes when it is cancelled', async () => {
    const args = ['bench', server.connectString, '--seconds', '600', '--workload', 'create'];
    const running = runCommandLine(args, parts);
    await using zk = await connect(server.connectString);
    await pathOfCreated(zk);
    parts.signal('SIGINT');
    expect(await running).toBe(1);
    expect(parts.errors).toContain('zooid: cancelled\n');
    expect(await rootNames()).toEqual(['zookeeper']);
  });

  test('says which server is not there, and where it may not write', async () => {
    await using gone = await startTestServer();
    await gone.stop();
    const args = ['bench', server.connectString, gone.connectString, ...QUICK];
    expect(await runCommandLine(args, parts)).toBe(1);
    expect(parts.errors).toContain(`no session with ${gone.connectString}: ECONNREFUSED`);

    expect(await runCommandLine(['bench', server.connectString, '--parent', '/no'], parts)).toBe(1);
    expect(parts.errors).toMatch(/\/no\/zooid-bench-\w+ cannot be made: .*noNode/);
  });

  test.each([
    ['--workload', 'get,sleep'],
    ['--connections', '0'],
    ['--seconds', 'x'],
    ['--parent', 'relative'],
  ])('refuses %s %s with 2', async (option, value) => {
    expect(await runCommandLine(['bench', option, value], parts)).toBe(2);
  });
});
