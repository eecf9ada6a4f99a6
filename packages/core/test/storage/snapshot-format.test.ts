import {
  ADLER32_INITIAL,
  adler32,
  encodeAcls,
  JuteReader,
  JuteWriter,
  MalformedError,
  openAcl,
} from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import {
  aclEntryBytes,
  aclTableBytesMin,
  hasSealEnd,
  nodeRecordBytes,
  readAclEntry,
  readSeal,
  readSession,
  readSnapshotHeader,
  readSnapshotTail,
  SEAL_BYTES,
  sessionsBytes,
  writeSeal,
  writeSnapshotHead,
  writeZxidDigest,
} from '../../src/storage/snapshot-format.ts';
import { DataTree } from '../../src/tree/data-tree.ts';

/** The whole first snapshot of a ZooKeeper 3.8.0: no sessions, one ACL, the four special znodes, an empty digest. */
const APACHE_SNAPSHOT =
  '5a4b534e00000002ffffffffffffffff0000000000000001000000000000000100000001000000010000000577' +
  '6f726c6400000006616e796f6e650000000000000000ffffffffffffffff' +
  '00'.repeat(60) +
  '0000000a2f7a6f6f6b656570657200000000ffffffffffffffff' +
  '00'.repeat(60) +
  '000000112f7a6f6f6b65657065722f636f6e666967000000000000000000000001' +
  '00'.repeat(40) +
  'ffffffff' +
  '00'.repeat(16) +
  '000000102f7a6f6f6b65657065722f71756f746100000000ffffffffffffffff' +
  '00'.repeat(60) +
  '000000012f' +
  '00000000b8a23b49000000012f' +
  '0000000000000000000000020000000000000000' +
  '0000000095b93d59000000012f';

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

describe("Apache's first snapshot", () => {
  test('is read part by part, to the last byte, with checksums that match', () => {
    const bytes = bytesOf(APACHE_SNAPSHOT);
    expect(bytes.byteLength).toBe(457);
    const reader = new JuteReader(bytes);

    readSnapshotHeader(reader);
    expect(reader.int()).toBe(0);
    expect(reader.int()).toBe(1);
    expect(readAclEntry(reader)).toEqual([1, [{ perms: 1, scheme: 'world', id: 'anyone' }]]);
    const view = new DataView(bytes.buffer);
    const tree = new DataTree({ digestEnabled: true });
    tree.clearForLoad();
    tree.acls.load(1, [{ perms: 1, scheme: 'world', id: 'anyone' }]);
    for (let nodes = 0; ; nodes++) {
      const start = reader.position;
      const length = nodeRecordBytes(view, start, bytes.byteLength);
      reader.end = start + length;
      const isEnded = tree.loadNodes(reader);
      expect(reader.position).toBe(start + length);
      reader.end = bytes.byteLength;
      if (isEnded) {
        expect(nodes).toBe(4);
        break;
      }
    }
    const firstSeal = reader.position;
    expect(readSeal(reader)).toBe(adler32(ADLER32_INITIAL, bytes, 0, firstSeal));
    reader.position = firstSeal;
    expect(readSnapshotTail(reader)).toEqual({ digest: undefined, lastZxid: undefined });
    expect(reader.remaining).toBe(0);
    expect(hasSealEnd(bytes.subarray(-5))).toBe(true);
    const lastSeal = bytes.byteLength - SEAL_BYTES;
    expect(Number(view.getBigInt64(lastSeal))).toBe(adler32(ADLER32_INITIAL, bytes, 0, lastSeal));
  });

  test('is what we write of the same tree', () => {
    const expected = bytesOf(APACHE_SNAPSHOT);
    const out = new JuteWriter();
    const seal = (): void => writeSeal(out, adler32(ADLER32_INITIAL, out.bytes, 0, out.length));

    writeSnapshotHead(out, [], [[1, [{ perms: 1, scheme: 'world', id: 'anyone' }]]]);
    out.raw(expected, out.length, expected.byteLength - 2 * SEAL_BYTES - 20);
    seal();
    writeZxidDigest(out, 0, 0n);
    seal();

    expect(out.copy()).toEqual(expected);
  });
});

test('sessions and ACLs come back as they were written, negative ids and all', () => {
  const out = new JuteWriter();
  const sessions = [
    { id: 0x7fff_0000_1234_5678n, timeoutMs: 30_000 },
    { id: -5n, timeoutMs: 4_000 },
  ];
  const acls = [
    [1, openAcl],
    [9, []],
  ] as const;

  writeSnapshotHead(out, sessions, acls);

  const reader = new JuteReader(out.copy());
  readSnapshotHeader(reader);
  const count = reader.int();
  expect(sessionsBytes(count)).toBe(24);
  expect([readSession(reader), readSession(reader)]).toEqual(sessions);
  expect(reader.int()).toBe(2);
  expect([readAclEntry(reader), readAclEntry(reader)]).toEqual(acls);
  expect(reader.remaining).toBe(0);
});

describe('the length of a node record', () => {
  test('is more than what is at hand until the lengths in it are, and then exact', () => {
    const writer = new JuteWriter();
    writer.ustring('/some/path');
    writer.buffer(new Uint8Array(100));
    const bytes = new Uint8Array(300);
    bytes.set(writer.view());
    const view = new DataView(bytes.buffer);

    for (let end = 0; end < 18; end++) {
      expect(nodeRecordBytes(view, 0, end), `${end} bytes`).toBeGreaterThan(end);
    }
    expect(nodeRecordBytes(view, 0, 18)).toBe(14 + 104 + 8 + 60);
  });

  test('of null data counts none, of the terminator is five, and absurd lengths are refused', () => {
    const view = new DataView(new ArrayBuffer(40));
    view.setInt32(0, 2);
    view.setInt32(6, -1);
    expect(nodeRecordBytes(view, 0, 40)).toBe(6 + 4 + 8 + 60);

    view.setInt32(6, -2);
    expect(() => nodeRecordBytes(view, 0, 40)).toThrow(MalformedError);
    view.setInt32(0, -1);
    expect(() => nodeRecordBytes(view, 0, 40)).toThrow(MalformedError);
    view.setInt32(0, 1);
    expect(nodeRecordBytes(view, 0, 40)).toBe(5);
  });
});

describe('the length of an entry of the ACL table', () => {
  const writer = new JuteWriter();
  writer.longFromNumber(5);
  encodeAcls(writer, [...openAcl, { perms: 1, scheme: 'digest', id: 'bob:x' }]);
  const bytes = writer.copy();
  const view = new DataView(bytes.buffer);

  test('shows as soon as all its lengths are there, and before that how much more is needed', () => {
    let known = 0;
    for (let end = 0; end < bytes.byteLength; end++) {
      const count = aclEntryBytes(view, 0, end);
      expect(count).toBeGreaterThan(end);
      expect(count).toBeGreaterThanOrEqual(known);
      known = count;
    }
    expect(aclEntryBytes(view, 0, bytes.byteLength)).toBe(bytes.byteLength);
    const withMore = Uint8Array.of(0, ...bytes, 1, 2, 3);
    expect(aclEntryBytes(new DataView(withMore.buffer), 1, withMore.byteLength)).toBe(
      bytes.byteLength,
    );
  });

  test('of an empty list and of none is that of its count', () => {
    for (const count of [0, -1]) {
      const empty = new DataView(new ArrayBuffer(12));
      empty.setInt32(8, count);
      expect(aclEntryBytes(empty, 0, 12)).toBe(12);
    }
  });

  test('is refused where no entry has it', () => {
    for (const at of [8, 16]) {
      const wrong = new DataView(bytes.slice().buffer);
      wrong.setInt32(at, -2);
      expect(() => aclEntryBytes(wrong, 0, wrong.byteLength)).toThrow(MalformedError);
    }
  });
});

describe('what is no snapshot', () => {
  test('is refused by its first bytes, its counts, its seals, and by anything after the last one', () => {
    const log = new JuteReader(bytesOf('5a4b4c470000000200000000000000000000'));
    expect(() => readSnapshotHeader(log)).toThrow(MalformedError);
    expect(() => sessionsBytes(-1)).toThrow(MalformedError);
    expect(() => aclTableBytesMin(-1)).toThrow(MalformedError);
    expect(() => readSeal(new JuteReader(bytesOf('0000000012345678000000012e')))).toThrow(
      MalformedError,
    );
    expect(() => readSeal(new JuteReader(bytesOf('0000000112345678000000012f')))).toThrow(
      MalformedError,
    );
    for (const extra of ['00', '00'.repeat(20), '00'.repeat(70)]) {
      const tail = new JuteReader(bytesOf(`0000000012345678000000012f${extra}`));
      expect(() => readSnapshotTail(tail), `${extra.length / 2} bytes more`).toThrow(
        MalformedError,
      );
    }
  });
});
