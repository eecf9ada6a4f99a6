import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OpCode } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { dumpTree } from '../harness/dump-tree.ts';
import { APACHE_CLASSPATH, missingPeer, suiteTitle } from '../harness/peers.ts';
import { allOf, pollUntil, runProcess } from '../harness/process.ts';
import * as bodies from '../harness/request-bodies.ts';
import {
  fourLetterWord,
  type ServerKind,
  SUPER_DIGEST,
  TARGET,
  TestServer,
} from '../harness/server.ts';
import { WireSession } from '../harness/wire-client.ts';
import { writeEverything } from '../harness/write-everything.ts';

const missing = missingPeer('apache');

interface Variant {
  readonly what: string;
  readonly signal: NodeJS.Signals;
  /** What is in the configuration of the first server, and of the second. */
  readonly configs: readonly [Config, Config];
}

type Config = Readonly<Record<string, string | number>>;

function snapshots(method = ''): Config {
  return { snapCount: 30, 'snapshot.compression.method': method };
}

const VARIANTS: readonly [Variant, Variant, Variant] = [
  { what: 'a log only, killed', signal: 'SIGKILL', configs: [{}, {}] },
  {
    what: 'snapshots and logs, stopped',
    signal: 'SIGTERM',
    configs: [snapshots(), snapshots()],
  },
  {
    // In both directions: either reads both of the other.
    what: 'snapshots in gzip and then in snappy, killed',
    signal: 'SIGKILL',
    configs: [snapshots('gz'), snapshots('snappy')],
  },
];

function optionsOf(config: Config, dataDir?: string) {
  return {
    config: { extendedTypesEnabled: 'true', ...config },
    properties: Object.fromEntries([SUPER_DIGEST]),
    ...(dataDir === undefined ? {} : { dataDir }),
  };
}

/** The files of a data directory whose names begin so, in the order of their zxids. */
async function filesIn(dataDir: string, prefix: string): Promise<string[]> {
  const directory = join(dataDir, 'version-2');
  const names = (await readdir(directory)).filter((name) => name.startsWith(prefix));
  return names
    .sort((a, b) => Number.parseInt(a.split('.')[1]!, 16) - Number.parseInt(b.split('.')[1]!, 16))
    .map((name) => join(directory, name));
}

/** How often the server found its tree's digest to be another than the log says. */
async function digestMismatches(server: TestServer): Promise<string | undefined> {
  const mntr = await fourLetterWord(server.port, 'mntr');
  return /^zk_digest_mismatches_count\t(.*)$/m.exec(mntr)?.[1];
}

/** The newest snapshot of the directory is packed as this configuration says. */
async function expectSnapshots({ dataDir }: TestServer, config: Config): Promise<void> {
  const method = config['snapshot.compression.method'];
  if (method === undefined) return;
  const newest = (await filesIn(dataDir, 'snapshot.')).at(-1)!;
  expect(newest).toMatch(method === '' ? /snapshot\.[0-9a-f]+$/ : new RegExp(`\\.${method}$`));
}

describe.skipIf(missing !== undefined)(suiteTitle('data directories', missing), () => {
  const directions: readonly (readonly [ServerKind, ServerKind])[] = [
    ['apache', TARGET],
    [TARGET, 'apache'],
  ];
  for (const [first, second] of directions) {
    test.each(VARIANTS)(
      `${second} serves what ${first} left, and ${first} again what ${second} added: $what`,
      async (variant) => {
        await using writer = await TestServer.start(first, optionsOf(variant.configs[0]));
        const { owner } = await writeEverything(writer.port, '/first');
        const written = await dumpTree(writer.port);
        expect(written.get('/first/ephemeral')).toContain(`owner=${owner.connected.sessionId}`);
        await writer.stop(variant.signal);
        await expectSnapshots(writer, variant.configs[0]);

        {
          await using reader = await TestServer.start(
            second,
            optionsOf(variant.configs[1], writer.dataDir),
          );
          expect(await dumpTree(reader.port)).toEqual(written);
          expect(await digestMismatches(reader)).toBe('0');
          // A session outlives the change of server; its ephemerals go when it is closed, and only they.
          const resumed = await WireSession.open(reader.port, {
            sessionId: owner.connected.sessionId,
            password: owner.connected.password,
          });
          expect(resumed.connected.sessionId).toBe(owner.connected.sessionId);
          expect(
            (await resumed.ok(OpCode.getEphemerals, bodies.onlyPath('/'))).texts().sort(),
          ).toEqual(['/first/ephemeral', '/first/ephemeral-0000000015']);
          await resumed.close();
          await writeEverything(reader.port, '/second');
          const added = await dumpTree(reader.port);
          expect(added.has('/first/ephemeral')).toBe(false);
          expect(added.get('/second/sequence')).toBeDefined();
          expect(added.get('/first/second')).toEqual(written.get('/first/second'));
          expect(await digestMismatches(reader)).toBe('0');
          await reader.stop(variant.signal);
          await expectSnapshots(reader, variant.configs[1]);

          await writer.start();
          expect(await dumpTree(writer.port)).toEqual(added);
          expect(await digestMismatches(writer)).toBe('0');
        }
      },
    );
  }
});

/** Runs one of Apache's file tools and returns what it prints. */
async function apacheTool(mainClass: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runProcess('java', [
    '-Duser.timezone=UTC',
    '-cp',
    APACHE_CLASSPATH,
    mainClass,
    ...args,
  ]);
  expect(code, stderr).toBe(0);
  return stdout;
}

/** What differs from run to run: wall-clock times, session ids and the digests that come of them. */
function normalise(text: string): string[] {
  return text
    .replaceAll(/\d+\/\d+\/\d+,? \d+:\d+:\d+ [AP]M \w+/g, 'DATE')
    .replaceAll(/\w{3} \w{3} \d\d \d\d:\d\d:\d\d \w+ \d{4}/g, 'DATE')
    .replaceAll(/0x[0-9a-f]{13,16}\b/g, 'SESSION')
    .replaceAll(/\b\d{16,18}\b/g, 'SESSION')
    .replaceAll(/(digest|Digest)\D*\d+/g, 'DIGEST')
    .replaceAll(/Last zxid: 0x[0-9a-f]+/g, 'ZXID')
    .split('\n');
}

describe.skipIf(missing !== undefined)(suiteTitle("Apache's file tools", missing), () => {
  test('read the same transactions from our log as from their own', async () => {
    const [wanted, got] = await allOf(
      (['apache', TARGET] as const).map(async (kind) => {
        await using server = await TestServer.start(kind, optionsOf(VARIANTS[0].configs[0]));
        await writeEverything(server.port, '/first');
        await server.stop('SIGKILL');
        const logs = await filesIn(server.dataDir, 'log.');
        expect(logs.length).toBe(1);
        return normalise(
          await apacheTool('org.apache.zookeeper.server.persistence.TxnLogToolkit', '-d', logs[0]!),
        ).filter((line) => !line.includes(server.directory));
      }),
    );
    expect(wanted!.length).toBeGreaterThan(80);
    expect(got).toEqual(wanted);
  });

  test('read the same znodes from our snapshot as from their own', async () => {
    const [wanted, got] = await allOf(
      (['apache', TARGET] as const).map(async (kind) => {
        await using server = await TestServer.start(kind, optionsOf(VARIANTS[1].configs[0]));
        const { owner } = await writeEverything(server.port, '/first');
        // Txns that change nothing, until a snapshot of the whole is there.
        const { zxid } = await owner.request(OpCode.delete, bodies.pathAndInt('/absent', -1));
        const snapshot = await pollUntil(
          async () => {
            await owner.request(OpCode.delete, bodies.pathAndInt('/absent', -1));
            const last = (await filesIn(server.dataDir, 'snapshot.')).at(-1)!;
            if (BigInt(`0x${last.split('.').at(-1)}`) < zxid) return undefined;
            // Apache's is under its name before it is whole; its end is a seal.
            const tail = (await readFile(last)).subarray(-5).toString('hex');
            return tail === '000000012f' ? last : undefined;
          },
          10_000,
          () => 'a snapshot of everything',
        );
        await server.stop('SIGTERM');
        const text = await apacheTool(
          'org.apache.zookeeper.server.SnapshotFormatter',
          '-d',
          snapshot,
        );
        // Znodes and sessions come in the order of a hash table; a znode is one block.
        return text
          .split('----\n')
          .map((block) => normalise(block).sort().join('\n'))
          .sort();
      }),
    );
    expect(wanted!.length).toBeGreaterThan(60);
    expect(got).toEqual(wanted);
  });
});
