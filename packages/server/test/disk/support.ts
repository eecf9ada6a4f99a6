/** What the tests of the disk share: directories, records, logs and snapshots made for the purpose. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  DataTree,
  LOG_HEADER_BYTES,
  LOG_RECORD_OVERHEAD_BYTES,
  newCreateZnode,
  writeLogHeader,
  writeLogRecord,
} from '@zooid/core';
import { encodeTxnRecord, encodeUtf8, JuteWriter, TXN_DIGEST_VERSION } from '@zooid/protocol';
import { onTestFinished } from 'vitest';
import { logFileName, type SnapshotCompression } from '../../src/disk/disk-names.ts';
import { type RecoveryOptions, type RecoveryResult, recovery } from '../../src/disk/recovery.ts';
import { SnapshotStore } from '../../src/disk/snapshot-store.ts';

/** A directory that is gone after the test. */
export function temporaryDirectory(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'zooid-disk-'));
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A payload as servers log it: TxnHeader of an error txn, and filling that depends on the zxid. */
export function payloadOf(zxid: number, fillBytes = 20): Uint8Array {
  const writer = new JuteWriter();
  writer.long(0x1234n);
  writer.int(zxid % 1000);
  writer.longFromNumber(zxid);
  writer.longFromNumber(1_700_000_000_000 + zxid);
  writer.int(-1);
  for (let i = 0; i < fillBytes; i++) writer.byte(1 + ((zxid * 7 + i) % 255));
  return writer.copy();
}

/** The same with a digest of the tree at its end. */
export function payloadWithDigest(zxid: number, treeDigest: bigint): Uint8Array {
  const writer = new JuteWriter();
  const header = { sessionId: 0x1234n, cxid: 1, zxid, timeMs: 1_700_000_000_000, type: -1 };
  const digest = { version: TXN_DIGEST_VERSION, treeDigest };
  encodeTxnRecord(writer, { header, txn: { type: -1, err: -101 }, digest });
  return writer.copy();
}

export interface RawLog {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Where each record begins, and at last where the next would. */
  readonly offsets: readonly number[];
}

/** The bytes of a log file with one record for each payload, and then zeros. */
export function rawLog(payloads: readonly Uint8Array[], paddingBytes = 0): Omit<RawLog, 'path'> {
  let length = LOG_HEADER_BYTES;
  for (const payload of payloads) length += payload.byteLength + LOG_RECORD_OVERHEAD_BYTES;
  const bytes = new Uint8Array(length + paddingBytes);
  writeLogHeader(bytes, 0);
  let at = LOG_HEADER_BYTES;
  const offsets = [at];
  for (const payload of payloads) {
    at = writeLogRecord(bytes, at, payload, 0, payload.byteLength);
    offsets.push(at);
  }
  return { bytes, offsets };
}

/** Writes a log of the zxids `first` to `last`. */
export function writeLog(
  directory: string,
  first: number,
  last: number,
  options: { readonly fillBytes?: number; readonly paddingBytes?: number } = {},
): RawLog {
  const payloads = range(first, last).map((zxid) => payloadOf(zxid, options.fillBytes));
  return writeLogOf(directory, first, payloads, options.paddingBytes);
}

/** Writes a log of these payloads, the first of which has the zxid `first`. */
export function writeLogOf(
  directory: string,
  first: number,
  payloads: readonly Uint8Array[],
  paddingBytes = 256,
): RawLog {
  const log = rawLog(payloads, paddingBytes);
  const file = path.join(directory, logFileName(first));
  fs.writeFileSync(file, log.bytes);
  return { path: file, ...log };
}

/** A tree with `count` znodes below "/z", made at zxid 1 and on. */
export function treeOf(count: number, dataBytes = 10): DataTree {
  const tree = new DataTree({ digestEnabled: true });
  const c = newCreateZnode();
  c.data = new Uint8Array(dataBytes).fill(65);
  c.dataStart = 0;
  c.dataEnd = dataBytes;
  c.aclId = -1;
  c.timeMs = 1_700_000_000_000;
  for (let i = 1; i <= count; i++) {
    c.parentRow = 0;
    c.nameBytes = encodeUtf8(`z${i}`);
    c.nameStart = 0;
    c.nameEnd = c.nameBytes.byteLength;
    c.zxid = i;
    c.parentCversion = i;
    tree.create(c);
  }
  return tree;
}

/** Writes an exact snapshot of `tree`. @returns its path. */
export async function writeSnapshot(
  directory: string,
  zxid: number,
  tree: DataTree,
  compression: SnapshotCompression = 'none',
): Promise<string> {
  const store = new SnapshotStore({ directory, compression, lastZxid: 'written' });
  const writing = store.begin({
    zxid,
    digest: tree.digest,
    sessions: [{ id: 0x1000n, timeoutMs: 30_000 }],
    acls: tree.acls.entries(),
  });
  const file = await writing.write(tree.beginImage(writing.out));
  return file!.path;
}

export interface Recovered {
  readonly result: RecoveryResult;
  readonly tree: DataTree;
  readonly sessions: readonly bigint[];
  readonly payloads: readonly Uint8Array[];
  /** Zxids of the payloads. */
  readonly zxids: readonly number[];
}

/** Recovers a directory into a fresh tree; records are collected and not applied. */
export function recoverDirectory(
  directory: string,
  options: Partial<RecoveryOptions> = {},
): Recovered {
  const tree = new DataTree({ digestEnabled: true });
  const sessions: bigint[] = [];
  const payloads: Uint8Array[] = [];
  const steps = recovery(
    {
      snapshotDirectory: directory,
      logDirectory: directory,
      missingSnapshot: 'refused',
      digest: 'compared',
      tornTail: 'repaired',
      ...options,
    },
    {
      tree,
      onSession: (id) => sessions.push(id),
      onTxn: (bytes, start, end) => payloads.push(bytes.slice(start, end)),
    },
  );
  const result = runAtOnce(steps);
  const zxids = payloads.map((payload) =>
    Number(new DataView(payload.buffer, payload.byteOffset).getBigInt64(12)),
  );
  return { result, tree, sessions, payloads, zxids };
}

/** Does work in steps all at once. */
export function runAtOnce<T>(steps: Iterator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The numbers from `first` to `last`. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
