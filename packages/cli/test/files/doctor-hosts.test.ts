import { describe, expect, test } from 'vitest';
import { WordServer } from '../support/word-server.ts';
import { zooid } from './made-files.ts';

interface Told {
  readonly role?: string;
  readonly zxid?: string;
  readonly latency?: string;
  readonly outstanding?: number;
  readonly mntr?: Readonly<Record<string, number>>;
  readonly conf?: readonly string[];
  readonly ruok?: string;
  /** Words that are not in the whitelist. */
  readonly silent?: readonly string[];
}

/** A server that tells this, as Apache's words have it. @returns host:port */
async function server(told: Told = {}): Promise<string> {
  const { role = 'follower', zxid = '0x100000005', latency = '0/0.5/9' } = told;
  const answers: Readonly<Record<string, string>> = {
    srvr: `Zookeeper version: 3.8.0-5a02a05eddb59aee6ac762f7ea82e92a68eb9c0f, built on 2022\nLatency min/avg/max: ${latency}\nReceived: 1\nSent: 1\nConnections: 1\nOutstanding: ${told.outstanding ?? 0}\nZxid: ${zxid}\nMode: ${role}\nNode count: 5\n`,
    ruok: told.ruok ?? 'imok',
    mntr: [
      'zk_version\t3.8.0',
      `zk_server_state\t${role}`,
      ...Object.entries(told.mntr ?? {}).map(([key, value]) => `zk_${key}\t${value}`),
      '',
    ].join('\n'),
    conf: [...(told.conf ?? ['tickTime=2000']), ''].join('\n'),
  };
  const words = await WordServer.start((word) =>
    told.silent?.includes(word) === true
      ? `${word} is not executed because it is not in the whitelist.\n`
      : answers[word],
  );
  return `127.0.0.1:${words.port}`;
}

async function codesOf(...hosts: readonly string[]): Promise<readonly string[]> {
  const { out } = await zooid('doctor', '--json', hosts.join(','));
  const { findings } = JSON.parse(out) as { findings: { code: string }[] };
  return findings.map((finding) => finding.code);
}

describe('a doctor of servers', () => {
  test('finds an ensemble healthy', async () => {
    const leader = await server({
      role: 'leader',
      mntr: { quorum_size: 3, synced_followers: 2, followers: 2 },
    });
    const { code, lines } = await zooid('doctor', leader, await server(), await server());
    expect(code).toBe(0);
    expect(lines[0]).toBe(`${leader}: leader, 3.8.0, zxid 0x100000005, 5 znodes, 1 connections`);
    expect(lines.at(-1)).toBe('Healthy.');
  });

  test('one server alone is healthy, too', async () => {
    expect(await codesOf(await server({ role: 'standalone' }))).toEqual([]);
  });

  test.each([
    ['that answers ruok otherwise', { ruok: 'no' }, 'NOT_OK'],
    ['that is slow', { latency: '0/120.5/900' }, 'SLOW'],
    ['where requests wait', { outstanding: 5000 }, 'QUEUED'],
    [
      'with few file descriptors left',
      { mntr: { open_file_descriptor_count: 900, max_file_descriptor_count: 1000 } },
      'DESCRIPTORS',
    ],
    ['whose digest differed', { mntr: { digest_mismatches_count: 1 } }, 'DIGEST_MISMATCH'],
    ['with slow syncs', { mntr: { fsync_threshold_exceed_count: 3 } }, 'SLOW_SYNC'],
    ['with a large tree', { mntr: { approximate_data_size: 2 ** 31 } }, 'LARGE_TREE'],
    ['with many files', { conf: ['dataDirSize=99000000000'] }, 'MANY_FILES'],
    ['that tells little', { silent: ['mntr', 'conf', 'ruok'] }, 'WHITELIST'],
  ] as const)('tells a server %s', async (_what, told, code) => {
    expect(await codesOf(await server({ role: 'standalone', ...told }))).toEqual([code]);
  });

  test('tells who does not answer, who does not serve, and who is none', async () => {
    const sleeping = await WordServer.start(
      () => 'This ZooKeeper instance is not currently serving requests\n',
    );
    const web = await WordServer.start(() => 'HTTP/1.1 400 Bad Request\r\n\r\n');
    const gone = await WordServer.start(() => '');
    await gone.stop();
    const hosts = [sleeping, web, gone].map(({ port }) => `127.0.0.1:${port}`);
    expect([...(await codesOf(...hosts))].sort()).toEqual(
      ['NOT_OK', 'NOT_OK', 'NOT_SERVING', 'NO_ZOOKEEPER', 'UNREACHABLE'].sort(),
    );
  });

  test('tells two leaders, none, and a server that serves alone', async () => {
    const leader = () => server({ role: 'leader' });
    expect(await codesOf(await leader(), await leader())).toEqual(['SEVERAL_LEADERS']);
    expect(await codesOf(await server(), await server())).toEqual(['NO_LEADER']);
    expect(await codesOf(await leader(), await server({ role: 'standalone' }))).toEqual([
      'STANDALONE',
    ]);
  });

  test('tells members that are missing or not up to date', async () => {
    const leader = await server({
      role: 'leader',
      mntr: { quorum_size: 3, followers: 2, synced_followers: 1 },
    });
    expect(await codesOf(leader)).toEqual(['NOT_SYNCED', 'MEMBERS_MISSING']);
  });

  test('tells who is behind, in another epoch, or of another configuration', async () => {
    const leader = await server({
      role: 'leader',
      zxid: '0x200010000',
      conf: ['serverId=1', 'server.1=a:1:2;3'],
    });
    const behind = await server({ zxid: '0x200000001', conf: ['serverId=2', 'server.1=a:1:2;4'] });
    const old = await server({ zxid: '0x100000001', conf: ['serverId=2', 'server.1=b:1:2'] });
    expect(await codesOf(leader, behind, old)).toEqual([
      'BEHIND',
      'BEHIND',
      'SAME_ID',
      'CONFIG_DIFFERS',
    ]);
  });
});
