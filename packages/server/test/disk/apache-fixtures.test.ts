/**
 * Directories that an Apache ZooKeeper 3.8.0 left when it was killed, restored through the core and compared
 * with what that server had answered. How they were made: fixtures/make-apache-fixtures.py.
 *
 * The two of `busy-…` are what three snapshots in 260 were like that such a server took while one client wrote and others
 * kept the processor busy: each with the records behind it, zeros at the end cut off.
 */

import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { DataTree } from '@zooid/core';
import { describe, expect, test } from 'vitest';
import { listSnapshots } from '../../src/disk/disk-names.ts';
import { recovery } from '../../src/disk/recovery.ts';
import { loadSnapshot } from '../../src/disk/snapshot-loader.ts';
import { newCore } from './core-support.ts';
import { runAtOnce, temporaryDirectory } from './support.ts';

interface ExpectedZnode {
  /** base64 */
  readonly data: string;
  /** In kazoo's order, which is the wire's. */
  readonly stat: readonly number[];
  readonly acl: readonly (readonly [number, string, string])[];
}

function unpack(name: string): string {
  const source = path.join(import.meta.dirname, 'fixtures', 'apache-3.8.0', name);
  const directory = temporaryDirectory();
  for (const file of fs.readdirSync(source)) {
    const bytes = fs.readFileSync(path.join(source, file));
    if (file.startsWith('log.')) {
      fs.writeFileSync(path.join(directory, file.replace(/\.gz$/, '')), zlib.gunzipSync(bytes));
    } else if (file.startsWith('snapshot.')) {
      fs.writeFileSync(path.join(directory, file), bytes);
    }
  }
  return directory;
}

function restore(directory: string) {
  const { core, mismatches } = newCore();
  const result = runAtOnce(
    recovery(
      {
        snapshotDirectory: directory,
        logDirectory: directory,
        missingSnapshot: 'refused',
        digest: 'compared',
        tornTail: 'repaired',
      },
      {
        tree: core.tree,
        onSession: (id, timeoutMs) => core.restoreSession(id, timeoutMs),
        onSnapshotLoaded: (zxid, fuzzyUntil) => core.restoredSnapshot(zxid, fuzzyUntil),
        onTxn: (bytes, start, end) => core.replayTxn(bytes, start, end),
      },
    ),
  );
  return { core, mismatches, result };
}

describe.each(['plain', 'gz', 'snappy'])('a directory of Apache 3.8.0 (%s)', (name) => {
  test('is restored to what its server showed, digests included', () => {
    const { core, mismatches, result } = restore(unpack(name));

    expect(result.facts).toEqual([]);
    expect(mismatches).toEqual([]);
    expect(result.recordCount).toBeGreaterThan(0);
    const expected = JSON.parse(
      fs.readFileSync(
        path.join(import.meta.dirname, 'fixtures', 'apache-3.8.0', name, 'expected.json'),
        'utf8',
      ),
    ) as Record<string, ExpectedZnode>;
    expect(describeTree(core.tree)).toEqual(expected);
  });

  test('has snapshots that all load with the digest they state, fuzzy ones aside', () => {
    for (const snapshot of listSnapshots(unpack(name))) {
      const tree = new DataTree({ digestEnabled: true });

      const { tail } = runAtOnce(loadSnapshot(snapshot, tree));

      if (tail.digest?.zxid === snapshot.zxid) expect(tree.digest).toBe(tail.digest.digest);
      expect(tail.lastZxid).toBeUndefined();
    }
  });
});

describe('a snapshot of Apache 3.8.0 that has a transaction in part', () => {
  // Apache's server counts two mismatches for it, and one for the other.
  test('besides those up to the zxid of its digest is made whole by that transaction', () => {
    const { mismatches, result } = restore(unpack('busy-later'));

    expect(result).toMatchObject({ snapshotZxid: 0xbf, facts: [] });
    expect(mismatches).toEqual([]);
  });

  test('and the digest of its own zxid is made whole by that transaction', () => {
    const { mismatches, result } = restore(unpack('busy-same'));

    expect(result).toMatchObject({ snapshotZxid: 0x3f, facts: [] });
    expect(mismatches).toEqual([]);
  });
});

function describeTree(tree: DataTree): Record<string, ExpectedZnode> {
  const found: Record<string, ExpectedZnode> = {};
  const visit = (row: number): void => {
    const data = Buffer.from(tree.copyData(row) ?? []);
    found[tree.path(row)] = {
      data: data.toString('base64'),
      stat: [
        tree.czxid(row),
        tree.mzxid(row),
        tree.ctime(row),
        tree.mtime(row),
        tree.version(row),
        tree.cversion(row) * 2 - tree.childCount(row),
        tree.aversion(row),
        Number(tree.ephemeralOwner(row)),
        data.byteLength,
        tree.childCount(row),
        tree.pzxid(row),
      ],
      acl: tree.acls.get(tree.aclId(row)).map(({ perms, scheme, id }) => [perms, scheme, id]),
    };
    tree.forEachChild(row, visit);
  };
  visit(0);
  return found;
}
