import { readdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runCommandLine } from '../../packages/cli/src/program.ts';
import { FakeParts } from '../../packages/cli/test/support/fake-parts.ts';
import { ApachePrograms } from '../harness/apache-programs.ts';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { type Finished, pollUntil } from '../harness/process.ts';
import { runZooid, type ServerKind, TestServer } from '../harness/server.ts';
import { writeEverything } from '../harness/write-everything.ts';

const missing = missingPeer('apache', 'javac');

const FORMATTER = 'org.apache.zookeeper.server.SnapshotFormatter';
const COMPARER = 'org.apache.zookeeper.server.SnapshotComparer';
const LOG_TOOLKIT = 'org.apache.zookeeper.server.persistence.TxnLogToolkit';
const PURGE = 'org.apache.zookeeper.server.PurgeTxnLog';

/** A command of ours in a process of its own. */
function zooid(...args: readonly string[]): Promise<Finished> {
  return runZooid(args);
}

/** The same in this process, which takes a tenth of the time: for what is compared line by line. */
async function printed(...args: readonly string[]): Promise<Omit<Finished, 'signal'>> {
  const parts = new FakeParts();
  const code = await runCommandLine(args, parts);
  return { code, stdout: parts.out, stderr: parts.errors };
}

/** A data directory that a server wrote everything into, with several snapshots. */
async function writtenBy(kind: ServerKind, compression: string): Promise<TestServer> {
  const server = await TestServer.start(kind, {
    config: {
      extendedTypesEnabled: 'true',
      snapCount: 40,
      'snapshot.compression.method': compression,
    },
    // Apache's reads these two as system properties.
    properties: {
      'zookeeper.snapCount': '40',
      'zookeeper.extendedTypesEnabled': 'true',
      'zookeeper.snapshot.compression.method': compression,
    },
  });
  try {
    await writeEverything(server.port, '/everything');
    // Apache's server writes snapshots under their own names, and leaves half of one when it is stopped.
    await pollUntil(
      async () => {
        const verified = await printed(
          'snapshot',
          'verify',
          ...(await filesOf(server, 'snapshot.')),
        );
        return verified.code === 0 ? true : undefined;
      },
      30_000,
      () => 'all snapshots are whole',
    );
  } finally {
    await server.stop();
  }
  return server;
}

async function filesOf(server: TestServer, prefix: string): Promise<readonly string[]> {
  const directory = join(server.dataDir, 'version-2');
  const names = (await readdir(directory)).filter((name) => name.startsWith(prefix));
  return names
    .sort((a, b) => Number.parseInt(a.split('.')[1]!, 16) - Number.parseInt(b.split('.')[1]!, 16))
    .map((name) => join(directory, name));
}

/**
 * What of a dump is the same in both: 3.8 prints the encoded bytes of a multi's parts, and puts U+FFFD for data that is
 * no text, which ours prints in hex. Such transactions are compared up to where that begins.
 */
function comparable(dump: string): readonly string[] {
  const transactions = dump.split(/\n(?=\d+\/\d+\/\d+, |EOF reached)/);
  return transactions.map((text) => {
    const multi = /^[^\n]*? multi /.exec(text);
    if (multi !== null) return multi[0];
    const binary = /^(.*? \/[^,\n]*,)(?:#(?:[0-9a-f]{2})+,|[^[]*\ufffd)/s.exec(text);
    return binary === null ? text : binary[1]!;
  });
}

/**
 * Apache's tools load the tree and so count the znodes under quotas anew; ours print what is in the file, where statistics may
 * be of a moment before.
 */
function withoutCount(block: string): string {
  return /^\S*\/zookeeper_stats\n/.test(block) ? block.replace(/\n {2}data.*$/, '') : block;
}

/** The znodes of a formatter's output, by path: the order of children is that of a hash table there. */
function znodesOf(output: string): readonly string[] {
  const [head = '', ...raw] = output.split('\n----\n');
  const blocks = raw.map(withoutCount);
  const isZnode = (block: string) => block.startsWith('/');
  // Sessions stand in the order of a hash table, too.
  const rest = blocks.filter((block) => !isZnode(block)).map((block) => block.split('\n').sort());
  return [head, ...blocks.filter(isZnode).sort(), ...rest.flat()];
}

describe.skipIf(missing !== undefined)(suiteTitle('file tools', missing), () => {
  let programs: ApachePrograms;
  const apache = (tool: string, ...args: readonly string[]) => programs.run(tool, args);

  beforeAll(() => {
    // Both print times of the zone they run in.
    vi.stubEnv('TZ', 'UTC');
    programs = new ApachePrograms();
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await programs?.[Symbol.asyncDispose]();
  });

  const variants: readonly (readonly [ServerKind, string])[] = [
    ['apache', ''],
    ['zooid', ''],
    ['apache', 'gz'],
    ['zooid', 'snappy'],
  ];

  test.each(variants)(
    "on what %s's server wrote (compression '%s') print what Apache's print",
    async (kind, compression) => {
      await using server = await writtenBy(kind, compression);
      const logs = await filesOf(server, 'log.');
      const snapshots = await filesOf(server, 'snapshot.');
      expect(snapshots.length).toBeGreaterThan(2);

      let count = 0;
      for (const log of logs) {
        const [theirs, ours] = await Promise.all([
          apache(LOG_TOOLKIT, log),
          printed('log', 'dump', log),
        ]);
        expect(ours.code, ours.stderr).toBe(0);
        expect(comparable(ours.stdout)).toEqual(comparable(theirs.stdout));
        count += comparable(ours.stdout).length - 2;
      }
      expect(count).toBeGreaterThan(100);

      for (const snapshot of [snapshots[1]!, snapshots.at(-1)!]) {
        for (const options of [[], ['-d']]) {
          const theirs = await apache(FORMATTER, ...options, snapshot);
          const ours = await printed('snapshot', 'show', ...options, snapshot);
          expect(ours.code, ours.stderr).toBe(0);
          expect(znodesOf(ours.stdout)).toEqual(znodesOf(theirs.stdout));
        }
      }

      const json = async (run: Promise<{ readonly stdout: string }>) =>
        flatten(JSON.parse((await run).stdout)[3]).filter(
          (line) => !line.includes('/zookeeper_stats '),
        );
      const last = snapshots.at(-1)!;
      expect(await json(printed('snapshot', 'show', '--json', last))).toEqual(
        await json(apache(FORMATTER, '-json', last)),
      );

      for (const [bytes, nodes] of [
        ['0', '0'],
        ['10', '5'],
      ] as const) {
        const theirs = await apache(
          COMPARER,
          ...['-l', snapshots[1]!, '-r', last, '-b', bytes, '-n', nodes],
        );
        const ours = await printed(
          'snapshot',
          'diff',
          '-b',
          bytes,
          '-n',
          nodes,
          snapshots[1]!,
          last,
        );
        // How long it took, and that arguments were understood, only Apache's says.
        const isOdd = (line: string) => / seconds$|^Success/.test(line);
        // What the statistics of quotas count into.
        const hasCount = (line: string) =>
          /^(Total size|Node {2}found|Node \/zookeeper)/.test(line);
        const lines = (text: string) =>
          text.split('\n').filter((line) => !isOdd(line) && !hasCount(line));
        expect(lines(ours.stdout)).toEqual(lines(theirs.stdout));
      }

      const verified = await zooid('log', 'verify', server.dataDir);
      expect(verified, verified.stdout).toMatchObject({ code: 0 });
      const whole = await zooid('snapshot', 'verify', ...snapshots);
      expect(whole, whole.stdout).toMatchObject({ code: 0 });
      const doctor = await zooid('doctor', '--json', server.dataDir);
      expect(JSON.parse(doctor.stdout).findings).not.toContainEqual(
        expect.objectContaining({ severity: 'error' }),
      );

      const planned = await zooid('purge', server.dataDir, '-n', '3', '--dry-run');
      const removed = await apache(PURGE, server.dataDir, '-n', '3');
      const pathsIn = (text: string) => (text.match(/\/\S+$/gm) ?? []).sort();
      expect(pathsIn(planned.stdout)).toEqual(pathsIn(removed.stdout));
    },
  );

  test.each(['apache', 'zooid'] as const)(
    "the doctor finds %s's server healthy, and its directory while it runs",
    async (kind) => {
      await using server = await TestServer.start(kind, {
        config: { extendedTypesEnabled: 'true' },
      });
      const { owner } = await writeEverything(server.port, '/everything');
      const asked = await zooid('doctor', server.address);
      expect(asked, asked.stdout).toMatchObject({ code: 0 });
      expect(asked.stdout).toContain(`${server.address}: standalone, 3.`);
      const looked = await zooid('doctor', server.dataDir);
      expect(looked, looked.stdout).toMatchObject({ code: 0 });
      // Only ours says who it is.
      expect(looked.stdout.includes(`in use by process ${server.pid} `)).toBe(kind === 'zooid');
      await owner.close();
    },
  );

  test('repair a log with a torn tail so that Apache reads it to its end', async () => {
    await using server = await writtenBy('zooid', '');
    const log = (await filesOf(server, 'log.'))[0]!;
    const { stdout } = await zooid('log', 'dump', '--json', '--data', 'none', log);
    const offsets = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).offset as number);
    await truncate(log, offsets.at(-1)! + 20);
    const repaired = await zooid('log', 'repair', '--yes', log);
    expect(repaired, repaired.stderr).toMatchObject({ code: 0 });
    const read = await apache(LOG_TOOLKIT, `${log}.fixed`);
    expect(read.stdout).toContain(`EOF reached after ${offsets.length - 1} txns.`);
    expect(read.stdout).not.toContain('CRC ERROR');
  });
});

type Tree = { readonly name: string; readonly asize: number } | readonly Tree[];

/** Paths and lengths of a tree in ncdu's form, sorted. */
function flatten(tree: Tree, above = ''): readonly string[] {
  const nodes = Array.isArray(tree) ? (tree as readonly Tree[]) : [tree];
  const [self, ...children] = nodes as [{ name: string; asize: number }, ...Tree[]];
  const path = `${above}/${self.name}`;
  return [`${path} ${self.asize}`, ...children.flatMap((child) => flatten(child, path))].sort();
}
