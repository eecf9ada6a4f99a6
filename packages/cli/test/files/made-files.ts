/** Logs and snapshots made for a test, and the command run on them in this process. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import {
  type Acl,
  ADLER32_INITIAL,
  adler32,
  encodeFileHeader,
  encodeLogEntry,
  encodeSnapshotAcl,
  encodeSnapshotSeal,
  encodeSnapshotSession,
  encodeSnapshotZnode,
  encodeTxnRecord,
  encodeUtf8,
  encodeZxidDigest,
  FILE_VERSION,
  JuteWriter,
  LOG_MAGIC,
  OpCode,
  SNAPSHOT_MAGIC,
  type SnapshotSession,
  type Txn,
  type TxnRecord,
} from '@zooid/protocol';
import { onTestFinished } from 'vitest';
import { runCommandLine } from '../../src/program.ts';
import { FakeParts } from '../support/fake-parts.ts';

/** A directory that is gone after the test. */
export function temporaryDirectory(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'zooid-files-'));
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** What a run of the command gave. */
export interface Run {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
  /** Lines of `out`, without the empty one at the end. */
  readonly lines: readonly string[];
}

/** Runs `zooid` with these arguments. */
export async function zooid(...args: readonly string[]): Promise<Run> {
  return zooidOn(new FakeParts(), ...args);
}

/** The same in a process that the test has prepared. */
export async function zooidOn(parts: FakeParts, ...args: readonly string[]): Promise<Run> {
  const code = await runCommandLine(args, parts);
  const lines = parts.out.replace(/\n$/, '').split('\n');
  return { code, out: parts.out, errors: parts.errors, lines };
}

/** A transaction by its body; the rest depends on the zxid. */
export function txnOf(zxid: number, txn: Txn, rest: Partial<TxnRecord['header']> = {}): TxnRecord {
  const header = {
    sessionId: 0x1000n,
    cxid: zxid % 1000,
    zxid,
    timeMs: 1_700_000_000_000 + zxid * 1000,
    type: txn.type,
    ...rest,
  };
  return { header, txn, digest: null };
}

/** A change of `/znode`, for tests that need transactions and not their content. */
export function anyTxn(zxid: number): TxnRecord {
  const data = encodeUtf8(`value ${zxid}`);
  return txnOf(zxid, { type: OpCode.setData, path: '/znode', data, version: zxid });
}

/** A change of `/znode` for each zxid from `first` to `last`. */
export function txnsOf(first: number, last: number): TxnRecord[] {
  return Array.from({ length: last - first + 1 }, (_, i) => anyTxn(first + i));
}

/** A log that was written. */
export interface MadeLog {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Where each record begins, and at last where the next would. */
  readonly offsets: readonly number[];
}

/** Writes a log with these transactions, and padding. Its name is that of the first one unless given. */
export function writeLog(
  directory: string,
  records: readonly TxnRecord[],
  options: { readonly name?: string; readonly paddingBytes?: number } = {},
): MadeLog {
  const writer = new JuteWriter();
  encodeFileHeader(writer, { magic: LOG_MAGIC, version: FILE_VERSION, dbid: 0n });
  const offsets = [writer.length];
  for (const record of records) {
    const payload = new JuteWriter();
    encodeTxnRecord(payload, record);
    const bytes = payload.view();
    const checksum = adler32(ADLER32_INITIAL, bytes, 0, bytes.byteLength);
    encodeLogEntry(writer, { checksum, record: bytes });
    offsets.push(writer.length);
  }
  const bytes = new Uint8Array(writer.length + (options.paddingBytes ?? 100));
  bytes.set(writer.view());
  const name = options.name ?? `log.${(records[0]?.header.zxid ?? 1).toString(16)}`;
  const file = path.join(directory, name);
  fs.mkdirSync(directory, { recursive: true });
  fs.writeFileSync(file, bytes);
  return { path: file, bytes, offsets };
}

/** Changes one byte of a file. */
export function flipByte(file: string, offset: number): void {
  const bytes = fs.readFileSync(file);
  bytes[offset]! ^= 0x40;
  fs.writeFileSync(file, bytes);
}

/** A znode of a snapshot; what is left out is as usual. */
export interface MadeZnode {
  readonly path: string;
  readonly data?: string | null;
  readonly aclId?: bigint;
  readonly owner?: bigint;
  readonly version?: number;
  readonly czxid?: number;
  readonly mzxid?: number;
}

export interface MadeSnapshot {
  readonly znodes: readonly MadeZnode[];
  readonly sessions?: readonly SnapshotSession[];
  readonly acls?: readonly (readonly [id: bigint, acl: readonly Acl[]])[];
  readonly digest?: { readonly zxid: number; readonly digest: bigint };
}

/** The znodes that every server has. */
export const ALWAYS: readonly MadeZnode[] = [
  { path: '' },
  { path: '/zookeeper' },
  { path: '/zookeeper/config' },
  { path: '/zookeeper/quota' },
];

/** Writes a snapshot; the znodes come in the order given. The end of the name says how it is compressed. */
export function writeSnapshot(directory: string, name: string, made: MadeSnapshot): string {
  const writer = new JuteWriter();
  encodeFileHeader(writer, { magic: SNAPSHOT_MAGIC, version: FILE_VERSION, dbid: -1n });
  const { sessions = [], acls = [] } = made;
  writer.int(sessions.length);
  for (const session of sessions) encodeSnapshotSession(writer, session);
  writer.int(acls.length);
  for (const [aclId, acl] of acls) encodeSnapshotAcl(writer, { aclId, acl });
  for (const znode of made.znodes) {
    encodeSnapshotZnode(writer, {
      path: znode.path,
      data: znode.data === null ? null : encodeUtf8(znode.data ?? ''),
      aclId: znode.aclId ?? -1n,
      stat: {
        czxid: znode.czxid ?? 1,
        mzxid: znode.mzxid ?? 1,
        ctime: 1_700_000_000_000,
        mtime: 1_700_000_000_000,
        version: znode.version ?? 0,
        cversion: 0,
        aversion: 0,
        ephemeralOwner: znode.owner ?? 0n,
        pzxid: 1,
      },
    });
  }
  encodeSnapshotZnode(writer, undefined);
  seal(writer);
  if (made.digest !== undefined) {
    encodeZxidDigest(writer, { digestVersion: 2, ...made.digest });
    seal(writer);
  }
  const file = path.join(directory, name);
  fs.mkdirSync(directory, { recursive: true });
  const bytes = writer.copy();
  fs.writeFileSync(file, name.endsWith('.gz') ? zlib.gzipSync(bytes) : bytes);
  return file;
}

function seal(writer: JuteWriter): void {
  const bytes = writer.view();
  encodeSnapshotSeal(writer, {
    checksum: adler32(ADLER32_INITIAL, bytes, 0, bytes.byteLength),
  });
}
