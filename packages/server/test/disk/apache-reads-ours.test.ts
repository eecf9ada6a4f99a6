/**
 * What we write, read by Apache's own tools and server (3.8.0), where they are installed. Slow for this folder, a JVM for
 * each look, but nothing else proves the bytes.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import type { ServerCore } from '@zooid/core';
import { describe, expect, test } from 'vitest';
import { FileTxnLog } from '../../src/disk/file-txn-log.ts';
import { recovery } from '../../src/disk/recovery.ts';
import { SnapshotStore } from '../../src/disk/snapshot-store.ts';
import { newCore } from './core-support.ts';
import { runAtOnce, temporaryDirectory } from './support.ts';

const fixtures = path.join(import.meta.dirname, 'fixtures');
const jars = ['zookeeper', 'slf4j-nop', 'netty-all', 'snappy-java'].map(
  (name) => `/usr/share/java/${name}.jar`,
);
const python = '/usr/bin/python3';
const hasApache =
  jars.every((jar) => fs.existsSync(jar)) &&
  spawnSync('java', ['-version']).status === 0 &&
  spawnSync(python, ['-c', 'import kazoo']).status === 0;

describe.skipIf(!hasApache)("Apache's server and tools", { timeout: 60_000 }, () => {
  test.each(['none', 'gz', 'snappy'] as const)(
    'start on a snapshot of ours (%s) with the same tree',
    async (compression) => {
      const { core, expected } = restoredFixture();
      const root = temporaryDirectory();
      const directory = path.join(root, 'version-2');
      fs.mkdirSync(directory);
      const store = new SnapshotStore({ directory, compression, lastZxid: 'written' });
      const writing = store.begin(core.snapshotHead());
      const file = await writing.write(core.beginImage(writing.out));

      const formatted = java('org.apache.zookeeper.server.SnapshotFormatter', file!.path);
      expect(formatted).toContain('/later-14');
      expect(formatted).toContain(`Last zxid: 0x${core.lastAppliedZxid.toString(16)}`);

      const dumped = dumpByApache(root);
      expect(dumped.tree).toEqual(expected);
      expect(dumped.digestMismatches ?? '0').toBe('0');
    },
  );

  test('read our log to its end, and replay it to the same tree', async () => {
    const { core, expected, payloads, lastZxid } = restoredFixture();
    const root = temporaryDirectory();
    const directory = path.join(root, 'version-2');
    fs.mkdirSync(directory);
    fs.copyFileSync(
      path.join(fixtures, 'apache-3.8.0/plain/snapshot.0'),
      path.join(directory, 'snapshot.0'),
    );
    const log = new FileTxnLog(
      {
        directory,
        lastZxid: 0,
        preallocBytes: 65536,
        sync: 'each-write',
        fileBytesMax: undefined,
        slowSyncMs: 60_000,
      },
      {
        onSynced: () => {},
        onFailed: (error) => {
          throw error;
        },
      },
    );
    payloads.forEach((payload, i) => {
      log.append(i + 1, payload, 0, payload.byteLength);
      if (i === 20) log.roll();
    });
    // Not closed: padded with zeros, as after a crash.
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (log.lastSyncedZxid === lastZxid) resolve();
        else {
          log.sync();
          setImmediate(look);
        }
      };
      look();
    });

    expect(fs.statSync(path.join(directory, 'log.16')).size % 65536).toBe(0);
    for (const name of ['log.1', 'log.16']) {
      const file = path.join(directory, name);
      const formatted = java('org.apache.zookeeper.server.persistence.TxnLogToolkit', file);
      expect(formatted).not.toContain('CRC ERROR');
      expect(formatted).toMatch(/EOF reached after \d+ txns/);
    }
    const dumped = dumpByApache(root);
    expect(dumped.tree).toEqual(expected);
    expect(dumped.digestMismatches ?? '0').toBe('0');
    expect(core.lastAppliedZxid).toBe(lastZxid);
    await log.close();
  });
});

interface Restored {
  readonly core: ServerCore;
  /** What Apache's server answered when the fixture was made. */
  readonly expected: unknown;
  /** Every transaction from the first on. */
  readonly payloads: readonly Uint8Array[];
  readonly lastZxid: number;
}

/** The plain fixture, replayed from its first snapshot. */
function restoredFixture(): Restored {
  const source = path.join(fixtures, 'apache-3.8.0/plain');
  const directory = temporaryDirectory();
  for (const name of fs.readdirSync(source)) {
    const bytes = fs.readFileSync(path.join(source, name));
    if (name.startsWith('log.')) {
      fs.writeFileSync(path.join(directory, name.replace(/\.gz$/, '')), zlib.gunzipSync(bytes));
    } else if (name === 'snapshot.0') {
      fs.writeFileSync(path.join(directory, name), bytes);
    }
  }
  const { core } = newCore();
  const payloads: Uint8Array[] = [];
  const { lastZxid } = runAtOnce(
    recovery(
      {
        snapshotDirectory: directory,
        logDirectory: directory,
        missingSnapshot: 'refused',
        digest: 'compared',
        tornTail: 'reported',
      },
      {
        tree: core.tree,
        onSession: (id, timeoutMs) => core.restoreSession(id, timeoutMs),
        onSnapshotLoaded: (zxid, fuzzyUntil) => core.restoredSnapshot(zxid, fuzzyUntil),
        onTxn: (bytes, start, end) => {
          payloads.push(bytes.slice(start, end));
          core.replayTxn(bytes, start, end);
        },
      },
    ),
  );
  const expected: unknown = JSON.parse(fs.readFileSync(path.join(source, 'expected.json'), 'utf8'));
  return { core, expected, payloads, lastZxid };
}

function java(...args: readonly string[]): string {
  return execFileSync('java', ['-Xmx256m', '-cp', jars.join(':'), ...args], { encoding: 'utf8' });
}

function dumpByApache(dataDir: string): {
  readonly tree: unknown;
  readonly digestMismatches?: string;
} {
  const script = path.join(fixtures, 'make-apache-fixtures.py');
  return JSON.parse(
    execFileSync(python, [script, 'dump', dataDir], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as ReturnType<typeof dumpByApache>;
}
