import fs from 'node:fs';
import path from 'node:path';
import { DataTree, newCreateZnode } from '@zooid/core';
import { encodeUtf8 } from '@zooid/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DiskCalls, realDisk } from '../../src/disk/disk-calls.ts';
import { listSnapshots, type SnapshotCompression } from '../../src/disk/disk-names.ts';
import { isWholeSnapshot } from '../../src/disk/snapshot-check.ts';
import { loadSnapshot } from '../../src/disk/snapshot-loader.ts';
import {
  type SnapshotFile,
  SnapshotStore,
  SnapshotWriteError,
} from '../../src/disk/snapshot-store.ts';
import { FaultyDisk } from './faulty-disk.ts';
import {
  recoverDirectory,
  runAtOnce,
  temporaryDirectory,
  treeOf,
  writeSnapshot,
} from './support.ts';

const compressions: readonly SnapshotCompression[] = ['none', 'gz', 'snappy'];

describe.each(compressions)('a snapshot with compression %s', (compression) => {
  test('brings back tree, sessions and ACLs', async () => {
    const directory = temporaryDirectory();
    const tree = treeOf(3000, 150);
    tree.setAcl(
      tree.findPath('/z7'),
      tree.acls.intern([{ perms: 3, scheme: 'digest', id: 'anna:x' }]),
      1,
    );

    const file = await writeSnapshot(directory, 3000, tree, compression);

    const loaded = recoverDirectory(directory);
    expect(contentOf(loaded.tree)).toEqual(contentOf(tree));
    expect(loaded.tree.digest).toBe(tree.digest);
    expect(loaded.sessions).toEqual([0x1000n]);
    const row = loaded.tree.findPath('/z7');
    expect(loaded.tree.acls.get(loaded.tree.aclId(row))).toEqual([
      { perms: 3, scheme: 'digest', id: 'anna:x' },
    ]);
    expect(loaded.result).toMatchObject({
      lastZxid: 3000,
      snapshotZxid: 3000,
      snapshotFile: file,
      facts: [],
    });
    expect(await isWholeSnapshot(listSnapshots(directory)[0]!)).toBe(true);
  });

  test('is the tree of the moment it was begun at, whatever changes while it is written', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(4), fc.nat(5000)), { minLength: 1, maxLength: 300 }),
        async (changes) => {
          const directory = temporaryDirectory();
          const tree = treeOf(4000, 120);
          const expected = contentOf(tree);
          const digest = tree.digest;
          let zxid = 4000;
          const changing: DiskCalls = {
            ...realDisk,
            // A turn of the server between any two writes of the snapshot.
            write: ((...args: Parameters<typeof fs.write>) => {
              for (const [kind, i] of changes.splice(0, 20)) change(tree, kind, i, ++zxid);
              fs.write(...args);
            }) as unknown as DiskCalls['write'],
          };
          const store = new SnapshotStore(
            { directory, compression, lastZxid: 'written' },
            changing,
          );
          const writing = store.begin({
            zxid: 4000,
            digest,
            sessions: [],
            acls: tree.acls.entries(),
          });
          await writing.write(tree.beginImage(writing.out));

          const loaded = new DataTree({ digestEnabled: true });
          runAtOnce(loadSnapshot(listSnapshots(directory)[0]!, loaded));
          expect(contentOf(loaded)).toEqual(expected);
          expect(loaded.digest).toBe(digest);
          fs.rmSync(directory, { recursive: true });
        },
      ),
      { numRuns: 8 },
    );
  }, 30_000);
});

test('immunity: ZK-2310, 2872: the name of a snapshot appears when the file is complete and synced', async () => {
  const directory = temporaryDirectory();
  const seen: string[][] = [];
  const watching: DiskCalls = {
    ...realDisk,
    fsync: ((fd: number, done: (error: Error | null) => void) => {
      seen.push(fs.readdirSync(directory));
      fs.fsync(fd, done);
    }) as DiskCalls['fsync'],
  };
  const tree = treeOf(10);
  const store = new SnapshotStore(
    { directory, compression: 'none', lastZxid: 'written' },
    watching,
  );
  const writing = store.begin({ zxid: 10, digest: tree.digest, sessions: [], acls: [] });

  await writing.write(tree.beginImage(writing.out));

  expect(seen).toEqual([['tmp.snapshot.a']]);
  expect(fs.readdirSync(directory)).toEqual(['snapshot.a']);
});

test.each(compressions)(
  'an aborted snapshot (%s) leaves no file and lets the next one be written',
  async (compression) => {
    const directory = temporaryDirectory();
    const tree = treeOf(5000, 200);
    const store = new SnapshotStore({ directory, compression, lastZxid: 'written' });
    const writing = store.begin({ zxid: 5000, digest: tree.digest, sessions: [], acls: [] });
    const written = writing.write(tree.beginImage(writing.out));

    writing.abort();

    expect(await written).toBeUndefined();
    expect(fs.readdirSync(directory)).toEqual([]);
    await writeSnapshot(directory, 5000, tree, compression);
    expect(recoverDirectory(directory).tree.digest).toBe(tree.digest);
  },
);

describe('a snapshot that cannot be written', () => {
  const failures: readonly (readonly [string, keyof DiskCalls, 'EIO' | 'ENOSPC' | 'short'])[] = [
    ['because the file cannot be created', 'open', 'EIO'],
    ['because the disk is full', 'write', 'ENOSPC'],
    ['because of a short write', 'write', 'short'],
    ['because it cannot be synced', 'fsync', 'EIO'],
  ];
  test.each(failures)('%s: leaves no file and the one before as it is', async (_, call, how) => {
    const directory = temporaryDirectory();
    const before = await writeSnapshot(directory, 5, treeOf(5));
    const disk = new FaultyDisk((name) => (name === call ? how : undefined));
    const tree = treeOf(9);
    const store = new SnapshotStore({ directory, compression: 'none', lastZxid: 'written' }, disk);
    const writing = store.begin({ zxid: 9, digest: tree.digest, sessions: [], acls: [] });
    const image = tree.beginImage(writing.out);

    await expect(writing.write(image)).rejects.toBeInstanceOf(SnapshotWriteError);

    expect(fs.readdirSync(directory)).toEqual([path.basename(before)]);
    expect(image.isOpen).toBe(false);
  });
});

test('the file says what was asked for: digest and last zxid, or neither', async () => {
  const tree = treeOf(4);
  const written = async (
    lastZxid: 'written' | 'omitted',
    digest: bigint | undefined,
  ): Promise<SnapshotFile> => {
    const store = new SnapshotStore({
      directory: temporaryDirectory(),
      compression: 'none',
      lastZxid,
    });
    const writing = store.begin({ zxid: 4, digest, sessions: [], acls: [] });
    return (await writing.write(tree.beginImage(writing.out)))!;
  };
  const bare = await written('omitted', undefined);
  const tails = [
    [
      await written('omitted', tree.digest),
      33,
      { digest: { zxid: 4, version: 2, digest: tree.digest }, lastZxid: undefined },
    ],
    [
      await written('written', tree.digest),
      54,
      { digest: { zxid: 4, version: 2, digest: tree.digest }, lastZxid: 4 },
    ],
    [await written('written', undefined), 21, { digest: undefined, lastZxid: 4 }],
    [bare, 0, { digest: undefined, lastZxid: undefined }],
  ] as const;

  for (const [file, moreBytes, tail] of tails) {
    expect(file.bytes).toBe(bare.bytes + moreBytes);
    expect(fs.statSync(file.path).size).toBe(file.bytes);
    const loaded = new DataTree({ digestEnabled: true });
    const name = { path: file.path, zxid: 4, compression: 'none' } as const;
    expect(runAtOnce(loadSnapshot(name, loaded)).tail).toEqual(tail);
    expect(loaded.digest).toBe(tree.digest);
  }
});

/** Every znode with what a client sees of it. */
function contentOf(tree: DataTree): Map<string, string> {
  const content = new Map<string, string>();
  const visit = (row: number): void => {
    const data = tree.copyData(row);
    const text = data === null ? 'null' : Buffer.from(data).toString('latin1');
    const stat = [
      tree.czxid(row),
      tree.mzxid(row),
      tree.pzxid(row),
      tree.version(row),
      tree.cversion(row),
      tree.aversion(row),
    ];
    content.set(tree.path(row), `${text} ${stat.join(' ')}`);
    tree.forEachChild(row, visit);
  };
  visit(0);
  return content;
}

function change(tree: DataTree, kind: number, i: number, zxid: number): void {
  const row = tree.findPath(`/z${i}`);
  const data = encodeUtf8(`changed by ${zxid}`);
  if (row < 0 || kind === 0) {
    const parentRow = kind === 1 && row >= 0 ? row : 0;
    const c = newCreateZnode();
    c.parentRow = parentRow;
    c.nameBytes = encodeUtf8(`new${zxid}`);
    c.nameStart = 0;
    c.nameEnd = c.nameBytes.byteLength;
    c.data = data;
    c.dataStart = 0;
    c.dataEnd = data.byteLength;
    c.aclId = -1;
    c.zxid = zxid;
    c.timeMs = zxid;
    c.parentCversion = tree.cversion(parentRow) + 1;
    tree.create(c);
  } else if (kind <= 2) {
    tree.setData(row, data, 0, data.byteLength, tree.version(row) + 1, zxid, zxid);
  } else if (tree.childCount(row) === 0) {
    tree.delete(row, zxid);
  }
}
