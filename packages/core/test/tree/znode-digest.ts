import { JuteWriter } from '@zooid/protocol';
import { crc32 } from '../../src/tree/crc32.ts';
import type { DataTree } from '../../src/tree/data-tree.ts';
import { DIGEST, FLAG_UNDIGESTED, FLAGS } from '../../src/tree/row.ts';
import { bytesOf } from './helpers.ts';

/** What of a stat is in the digest of a znode, as stored. */
export interface DigestedStat {
  readonly czxid: number;
  readonly mzxid: number;
  readonly pzxid: number;
  readonly ctime: number;
  readonly mtime: number;
  readonly version: number;
  readonly cversion: number;
  readonly aversion: number;
  readonly owner: bigint;
}

/** The digest of a znode from its definition: CRC-32 over path, data and stat. Source: DigestCalculator. */
export function znodeDigest(path: string, data: Uint8Array | null, stat: DigestedStat): number {
  const out = new JuteWriter();
  const pathBytes = bytesOf(path === '/' ? '' : path);
  out.raw(pathBytes, 0, pathBytes.length);
  if (data !== null) out.raw(data, 0, data.length);
  for (const long of [stat.czxid, stat.mzxid, stat.pzxid, stat.ctime, stat.mtime]) {
    out.longFromNumber(long);
  }
  for (const int of [stat.version, stat.cversion, stat.aversion]) out.int(int);
  out.long(stat.owner);
  return crc32(0, out.bytes, 0, out.length) >>> 0;
}

/** The digest that a row holds; 0 where none counts. */
export function digestOfRow(tree: DataTree, row: number): number {
  return tree.settledWords(row)[tree.baseOf(row) + DIGEST]! >>> 0;
}

/** Whether a row is left out of the digest of its tree. */
export function isUndigested(tree: DataTree, row: number): boolean {
  return (tree.settledWords(row)[tree.baseOf(row) + FLAGS]! & FLAG_UNDIGESTED) !== 0;
}
