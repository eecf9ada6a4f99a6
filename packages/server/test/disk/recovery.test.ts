import fs from 'node:fs';
import path from 'node:path';
import { DataTree, writeSeal, writeSnapshotHead, writeZxidDigest } from '@zooid/core';
import { ADLER32_INITIAL, adler32, JuteWriter } from '@zooid/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RecoveryOptions } from '../../src/disk/recovery.ts';
import { RecoveryError } from '../../src/disk/recovery-error.ts';
import {
  payloadWithDigest,
  range,
  recoverDirectory,
  temporaryDirectory,
  treeOf,
  writeLog,
  writeLogOf,
  writeSnapshot,
} from './support.ts';

describe('which snapshot is loaded', () => {
  test('the newest one, and only records after it are replayed', async () => {
    const directory = temporaryDirectory();
    await writeSnapshot(directory, 3, treeOf(3));
    await writeSnapshot(directory, 6, treeOf(6));
    writeLog(directory, 1, 4);
    writeLog(directory, 5, 9);

    const { zxids, tree, result } = recoverDirectory(directory);

    expect(zxids).toEqual([7, 8, 9]);
    expect(tree.findPath('/z6')).toBeGreaterThan(0);
    expect(result).toMatchObject({ lastZxid: 9, snapshotZxid: 6, recordCount: 3, facts: [] });
  });

  test('the one before, when the newest is damaged at any place and the log covers the difference', async () => {
    const directory = temporaryDirectory();
    await writeSnapshot(directory, 3, treeOf(3));
    const newest = await writeSnapshot(directory, 6, treeOf(6));
    writeLog(directory, 1, 9);
    const whole = fs.readFileSync(newest);
    const places = [
      ...range(0, 40),
      ...range(41, whole.byteLength - 1).filter((i) => i % 17 === 0 || i > whole.byteLength - 60),
    ];
    for (const at of places) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 0x10;
      fs.writeFileSync(newest, damaged);

      const { zxids, tree, result } = recoverDirectory(directory);

      expect(zxids, `damaged at ${at}`).toEqual(range(4, 9));
      expect(tree.findPath('/z6')).toBe(-1);
      expect(result.facts).toMatchObject([{ kind: 'snapshot-refused', file: newest }]);
    }
    for (const length of [0, 5, 9, 10, 100, whole.byteLength - 1]) {
      fs.writeFileSync(newest, whole.subarray(0, length));
      expect(recoverDirectory(directory).zxids, `cut to ${length}`).toEqual(range(4, 9));
    }
  });

  test.each(['gz', 'snappy'] as const)(
    'the one before, when the newest (%s) is damaged or cut',
    async (compression) => {
      const directory = temporaryDirectory();
      await writeSnapshot(directory, 3, treeOf(3));
      const newest = await writeSnapshot(directory, 60, treeOf(60), compression);
      writeLog(directory, 1, 61);
      const whole = fs.readFileSync(newest);
      let refused = 0;
      for (let at = 0; at < whole.byteLength; at += 7) {
        const damaged = Buffer.from(whole);
        damaged[at]! ^= 0x21;
        fs.writeFileSync(newest, damaged);
        const { zxids } = recoverDirectory(directory);
        // A few bytes of a gzip header say nothing about the content.
        expect([58, 1]).toContain(zxids.length);
        if (zxids.length === 58) refused++;
        fs.writeFileSync(newest, whole.subarray(0, at));
        expect(recoverDirectory(directory).zxids.length, `cut to ${at}`).toBe(58);
      }
      expect(refused).toBeGreaterThan(whole.byteLength / 7 - 3);
    },
  );

  test('none, when the newest is damaged and the log ends before it', async () => {
    const directory = temporaryDirectory();
    await writeSnapshot(directory, 3, treeOf(3));
    const newest = await writeSnapshot(directory, 60, treeOf(60));
    writeLog(directory, 1, 9);
    fs.truncateSync(newest, 200);

    const error = refusal(directory);

    expect(error).toMatchObject({ code: 'LOG_TOO_SHORT', file: newest });
    expect(error.message).toContain('0x9');
  });

  test('none of those that are not finished: temporary files are no snapshots', async () => {
    const directory = temporaryDirectory();
    await writeSnapshot(directory, 3, treeOf(3));
    const later = await writeSnapshot(directory, 6, treeOf(6));
    fs.renameSync(later, path.join(directory, 'tmp.snapshot.6'));
    fs.copyFileSync(path.join(directory, 'snapshot.3'), path.join(directory, 'snapshot.9.tmp'));

    const { result } = recoverDirectory(directory);

    expect(result.snapshotZxid).toBe(3);
    expect(result.facts).toEqual([]);
  });
});

describe('immunity: ZK-2325, 3056, 3644, 3781: what must exist', () => {
  test('an empty directory is an empty database, which asks for its first snapshot', () => {
    const { result } = recoverDirectory(temporaryDirectory());

    expect(result).toMatchObject({ lastZxid: 0, snapshotZxid: undefined, recordCount: 0 });
  });

  test('logs without any snapshot are refused, also empty ones, unless that is trusted', () => {
    const directory = temporaryDirectory();
    fs.writeFileSync(path.join(directory, 'log.500'), '');
    expect(refusal(directory).code).toBe('SNAPSHOT_MISSING');

    fs.rmSync(path.join(directory, 'log.500'));
    writeLog(directory, 1, 3);
    const error = refusal(directory);
    expect(error.code).toBe('SNAPSHOT_MISSING');
    expect(error.remedy).toContain('snapshot.trust.empty');
    expect(recoverDirectory(directory, { missingSnapshot: 'trusted' }).zxids).toEqual([1, 2, 3]);
  });

  test('logs that do not begin at the beginning are refused also when missing snapshots are trusted', () => {
    const directory = temporaryDirectory();
    writeLog(directory, 5, 7);

    expect(refusal(directory, { missingSnapshot: 'trusted' }).code).toBe('LOG_GAP');
  });

  test('damaged snapshots and nothing else are refused, and not taken for an empty database', async () => {
    const directory = temporaryDirectory();
    const only = await writeSnapshot(directory, 6, treeOf(6));
    fs.truncateSync(only, 0);

    expect(refusal(directory)).toMatchObject({ code: 'SNAPSHOT_DAMAGED', file: only });
  });

  test('the very first snapshot cut short, with no log, is an empty database still', async () => {
    const directory = temporaryDirectory();
    fs.truncateSync(await writeSnapshot(directory, 0, treeOf(0)), 30);

    const { result } = recoverDirectory(directory);

    expect(result).toMatchObject({ lastZxid: 0, snapshotZxid: undefined });
  });

  test('nothing stays of a snapshot that proves to be damaged while it is loaded', async () => {
    const directory = temporaryDirectory();
    const file = await writeSnapshot(directory, 0, treeOf(9));
    const bytes = fs.readFileSync(file);
    bytes[bytes.byteLength - 300]! ^= 1;
    fs.writeFileSync(file, bytes);

    const { result, tree } = recoverDirectory(directory);

    expect(result.facts).toMatchObject([{ reason: 'its checksum does not match' }]);
    expect(tree.findPath('/z1')).toBe(-1);
    expect(tree.nodeCount).toBe(new DataTree({ digestEnabled: true }).nodeCount);
    expect(tree.digest).toBe(new DataTree({ digestEnabled: true }).digest);
  });

  test('a snapshot without any log is a restored backup', async () => {
    const directory = temporaryDirectory();
    await writeSnapshot(directory, 6, treeOf(6));

    expect(recoverDirectory(directory).result).toMatchObject({ lastZxid: 6, recordCount: 0 });
  });

  test('logs and snapshots may be in two directories', async () => {
    const snapshotDirectory = temporaryDirectory();
    const logDirectory = temporaryDirectory();
    await writeSnapshot(snapshotDirectory, 2, treeOf(2));
    writeLog(logDirectory, 1, 4);

    const { zxids } = recoverDirectory(snapshotDirectory, { logDirectory });

    expect(zxids).toEqual([3, 4]);
  });
});

describe('the digest of a snapshot', () => {
  test('immunity: ZK-3249, 3531: that does not match an exact one refuses it though its checksum matches', async () => {
    const directory = temporaryDirectory();
    await writeSnapshot(directory, 3, treeOf(3));
    const newest = craftSnapshot(directory, 6, treeOf(6), { digest: [6, 12345n] });
    writeLog(directory, 1, 9);

    const { zxids, result } = recoverDirectory(directory);
    expect(zxids).toEqual(range(4, 9));
    expect(result.facts).toMatchObject([{ kind: 'snapshot-refused', file: newest }]);

    const trusting = recoverDirectory(directory, { digest: 'ignored' });
    expect(trusting.zxids).toEqual([7, 8, 9]);
  });

  test('of a fuzzy one is compared when the replay reaches its zxid', () => {
    const directory = temporaryDirectory();
    const tree = treeOf(6);
    craftSnapshot(directory, 6, tree, { digest: [8, tree.digest] });
    writeLog(directory, 1, 9);
    expect(recoverDirectory(directory).result.facts).toEqual([]);
  });

  const mixture = treeOf(6);
  const other = treeOf(5).digest;
  const difference = { zxid: 8, expected: other, actual: mixture.digest };

  test.each([
    ['agrees: a part of it was in the snapshot', mixture.digest, []],
    ['differs, too', other, [{ kind: 'snapshot-digest-mismatch', ...difference }]],
  ])(
    'of a fuzzy one that differs there is judged by the next transaction, which %s',
    (_, digest, facts) => {
      const directory = temporaryDirectory();
      craftSnapshot(directory, 6, mixture, { digest: [8, other] });
      writeLog(directory, 1, 8);
      writeLogOf(directory, 9, [payloadWithDigest(9, digest), payloadWithDigest(10, 0n)]);

      expect(recoverDirectory(directory).result.facts).toEqual(facts);
    },
  );

  test('of a fuzzy one that differs where the log ends, or before a transaction without a digest, is told', () => {
    const directory = temporaryDirectory();
    craftSnapshot(directory, 6, mixture, { digest: [8, other] });
    const facts = [{ kind: 'snapshot-digest-mismatch', ...difference }];
    writeLog(directory, 1, 8);
    expect(recoverDirectory(directory).result.facts).toEqual(facts);

    writeLog(directory, 1, 9, { fillBytes: 4 });
    expect(recoverDirectory(directory).result.facts).toEqual(facts);
  });

  test('that does not match the only one leaves the judgement to the next transaction', () => {
    const directory = temporaryDirectory();
    const only = craftSnapshot(directory, 6, mixture, { digest: [6, other] });
    expect(refusal(directory)).toMatchObject({ code: 'SNAPSHOT_DAMAGED', file: only });

    writeLog(directory, 1, 6);
    expect(refusal(directory)).toMatchObject({ code: 'SNAPSHOT_DAMAGED', file: only });

    writeLogOf(directory, 7, [payloadWithDigest(7, mixture.digest), payloadWithDigest(8, 0n)]);
    const { result, sessions } = recoverDirectory(directory);
    expect(result).toMatchObject({ snapshotZxid: 6, lastZxid: 8, facts: [] });
    expect(sessions).toEqual([7n, -9n]);

    writeLogOf(directory, 7, [payloadWithDigest(7, other), payloadWithDigest(8, mixture.digest)]);
    expect(refusal(directory)).toMatchObject({ code: 'SNAPSHOT_DAMAGED', file: only });
  });

  test('that does not match the only one but for damaged ones is no reason to forget those', async () => {
    const directory = temporaryDirectory();
    const newest = await writeSnapshot(directory, 9, treeOf(9));
    fs.truncateSync(newest, 50);
    craftSnapshot(directory, 6, mixture, { digest: [6, other] });
    writeLogOf(directory, 7, [payloadWithDigest(7, mixture.digest), payloadWithDigest(8, 0n)]);
    expect(refusal(directory)).toMatchObject({ code: 'LOG_TOO_SHORT', file: newest });

    writeLogOf(directory, 9, [payloadWithDigest(9, 0n)]);
    expect(recoverDirectory(directory).result).toMatchObject({
      snapshotZxid: 6,
      facts: [{ kind: 'snapshot-refused', file: newest }],
    });
  });

  test('that does not match is no reason to pass over logs that are trusted to be all there is', () => {
    const directory = temporaryDirectory();
    craftSnapshot(directory, 6, mixture, { digest: [6, other] });
    writeLog(directory, 1, 8);

    const { result, tree } = recoverDirectory(directory, { missingSnapshot: 'trusted' });

    expect(result).toMatchObject({ snapshotZxid: undefined, recordCount: 8 });
    expect(tree.findPath('/z1')).toBe(-1);
  });

  test('of a fuzzy one that the log does not reach is told', () => {
    const directory = temporaryDirectory();
    const tree = treeOf(6);
    craftSnapshot(directory, 6, tree, { digest: [8, tree.digest] });
    writeLog(directory, 1, 7);

    expect(recoverDirectory(directory).result.facts).toEqual([
      { kind: 'snapshot-digest-not-reached', zxid: 8, lastZxid: 7 },
    ]);
  });

  test('of an earlier zxid, as a new leader leaves it, or of another version says nothing', () => {
    const directory = temporaryDirectory();
    craftSnapshot(directory, 6, treeOf(6), { digest: [5, 1n] });
    expect(recoverDirectory(directory).result.facts).toEqual([]);

    craftSnapshot(directory, 6, treeOf(6), { oldDigest: [6, 'ff'] });
    expect(recoverDirectory(directory).result).toMatchObject({ snapshotZxid: 6, facts: [] });
  });
});

describe('snapshots of other releases', () => {
  test.each([
    ['3.5: no digest', {}],
    ['3.6 to 3.8: with digest', { digest: [6, 0n] }],
    ['3.8 that has processed nothing: an empty digest', { digest: [0, 0n] }],
    ['3.9: digest and last zxid', { digest: [6, 0n], lastZxid: 6 }],
    ['3.9 with digest.enabled=false: last zxid alone', { lastZxid: 8 }],
    ['3.6 alpha: the digest as text', { oldDigest: [6, '1f2e3d4c5b6a7988'] }],
  ] satisfies [string, Crafted][])('%s', (_, crafted) => {
    const directory = temporaryDirectory();
    craftSnapshot(directory, 6, treeOf(6), crafted);
    writeLog(directory, 1, 8);

    const { tree, zxids, sessions } = recoverDirectory(directory, { digest: 'ignored' });

    expect(tree.digest).toBe(treeOf(6).digest);
    expect(zxids).toEqual([7, 8]);
    expect(sessions).toEqual([7n, -9n]);
  });
});

test('a znode longer than the reading window is loaded', async () => {
  const directory = temporaryDirectory();
  const tree = treeOf(3, 9_000_000);
  await writeSnapshot(directory, 3, tree);

  expect(recoverDirectory(directory).tree.digest).toBe(tree.digest);
});

test('fuzz: whatever bytes logs and snapshots hold, recovery answers or refuses, and a whole snapshot is never lost', async () => {
  const directory = temporaryDirectory();
  await writeSnapshot(directory, 2, treeOf(2));
  const snapshot = await writeSnapshot(directory, 4, treeOf(4));
  const log = writeLog(directory, 1, 9, { paddingBytes: 600 });
  const corpus = [
    [snapshot, fs.readFileSync(snapshot)],
    [log.path, fs.readFileSync(log.path)],
  ] as const;
  const mutation = fc.record({
    at: fc.nat(),
    kind: fc.constantFrom('byte', 'int', 'cut', 'zeros', 'repeat', 'insert'),
    value: fc.integer(),
  });
  fc.assert(
    fc.property(
      fc.nat(1),
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      (which, mutations) => {
        const [file, original] = corpus[which]!;
        fs.writeFileSync(file, mutations.reduce(mutate, Buffer.from(original)));
        try {
          const { zxids, result } = recoverDirectory(directory, { tornTail: 'reported' });
          expect([2, 4]).toContain(result.snapshotZxid);
          expect(zxids).toEqual(range(result.snapshotZxid! + 1, result.lastZxid));
        } catch (error) {
          if (!(error instanceof RecoveryError)) throw error;
          expect(error.remedy).not.toBe('');
        } finally {
          fs.writeFileSync(file, original);
        }
      },
    ),
    { numRuns: Number(process.env['ZOOID_FUZZ_RUNS'] ?? 300) },
  );
}, 60_000);

function mutate(
  bytes: Buffer,
  { at, kind, value }: { readonly at: number; readonly kind: string; readonly value: number },
): Buffer {
  if (bytes.byteLength < 4) return bytes;
  const place = at % (bytes.byteLength - 3);
  switch (kind) {
    case 'byte':
      bytes[place] = value & 0xff;
      return bytes;
    case 'int':
      bytes.writeInt32BE(value, place);
      return bytes;
    case 'cut':
      return bytes.subarray(0, place);
    case 'zeros':
      return bytes.fill(0, place, Math.min(bytes.byteLength, place + (Math.abs(value) % 700)));
    case 'repeat':
      return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place >> 1)]);
    default:
      return Buffer.concat([
        bytes.subarray(0, place),
        Buffer.from([value & 0xff]),
        bytes.subarray(place),
      ]);
  }
}

function refusal(directory: string, options: Partial<RecoveryOptions> = {}): RecoveryError {
  try {
    recoverDirectory(directory, options);
  } catch (error) {
    if (error instanceof RecoveryError) return error;
    throw error;
  }
  throw new Error('the directory was not refused');
}

interface Crafted {
  readonly digest?: readonly [zxid: number, digest: bigint];
  readonly oldDigest?: readonly [zxid: number, hex: string];
  readonly lastZxid?: number;
}

/** A snapshot with a tail of one's choice; sessions 7 and -9. */
function craftSnapshot(directory: string, zxid: number, tree: DataTree, crafted: Crafted): string {
  const out = new JuteWriter();
  const seal = () => writeSeal(out, adler32(ADLER32_INITIAL, out.bytes, 0, out.length));
  writeSnapshotHead(
    out,
    [
      { id: 7n, timeoutMs: 4000 },
      { id: -9n, timeoutMs: 5000 },
    ],
    tree.acls.entries(),
  );
  const image = tree.beginImage(out);
  while (!image.writeSlice(1 << 20));
  seal();
  if (crafted.digest !== undefined) {
    writeZxidDigest(out, ...crafted.digest);
    seal();
  }
  if (crafted.oldDigest !== undefined) {
    out.longFromNumber(crafted.oldDigest[0]);
    out.int(1);
    out.ustring(crafted.oldDigest[1]);
    seal();
  }
  if (crafted.lastZxid !== undefined) {
    out.longFromNumber(crafted.lastZxid);
    seal();
  }
  const file = path.join(directory, `snapshot.${zxid.toString(16)}`);
  fs.writeFileSync(file, out.copy());
  return file;
}
