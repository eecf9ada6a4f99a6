import {
  ADLER32_INITIAL,
  adler32,
  decodeFileHeader,
  decodeLogEntry,
  decodeSnapshotAcl,
  decodeSnapshotSeal,
  decodeSnapshotSession,
  decodeSnapshotZnode,
  decodeTxnRecord,
  decodeZxidDigest,
  encodeFileHeader,
  encodeLogEntry,
  encodeSnapshotAcl,
  encodeSnapshotSeal,
  encodeSnapshotSession,
  encodeSnapshotZnode,
  encodeTxnRecord,
  encodeZxidDigest,
  JuteReader,
  JuteWriter,
  LOG_DBID,
  LOG_MAGIC,
  MalformedError,
  OpCode,
  SNAPSHOT_DBID,
  SNAPSHOT_MAGIC,
  type SnapshotZnode,
  type TxnRecord,
} from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { loadVectorBytes } from './vectors/vectors.ts';

const vectors = loadVectorBytes();

describe("a log that Apache's server wrote", () => {
  const bytes = vectors.get('file/log')!;

  test('is read entry by entry up to the room laid out beforehand, and written alike', () => {
    const reader = new JuteReader(bytes);
    const writer = new JuteWriter();
    const header = decodeFileHeader(reader);
    expect(header).toEqual({ magic: LOG_MAGIC, version: 2, dbid: LOG_DBID });
    encodeFileHeader(writer, header);

    const records: TxnRecord[] = [];
    for (;;) {
      const entry = decodeLogEntry(reader);
      if (entry.record.byteLength === 0) break;
      expect(adler32(ADLER32_INITIAL, entry.record, 0, entry.record.byteLength)).toBe(
        entry.checksum,
      );
      const record = decodeTxnRecord(new JuteReader(entry.record));
      records.push(record);
      const again = new JuteWriter();
      encodeTxnRecord(again, record);
      encodeLogEntry(writer, { checksum: entry.checksum, record: again.view() });
    }

    expect(records.map(({ header: { zxid } }) => zxid - 0x100000000)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8,
    ]);
    expect(records.map(({ txn: { type } }) => type)).toEqual([
      OpCode.createSession,
      OpCode.create,
      OpCode.create2,
      OpCode.createContainer,
      OpCode.setData,
      OpCode.setACL,
      OpCode.deleteContainer,
      OpCode.error,
    ]);
    expect(records.every(({ digest }) => digest?.version === 2)).toBe(true);
    expect(writer.view()).toEqual(bytes.subarray(0, writer.length));
  });

  test('is refused where the byte after a record is another', () => {
    const damaged = Uint8Array.from(bytes);
    const reader = new JuteReader(damaged);
    decodeFileHeader(reader);
    decodeLogEntry(reader);
    damaged[reader.position - 1] = 0x43;
    reader.reset(damaged, 16, damaged.byteLength);
    expect(() => decodeLogEntry(reader)).toThrow(MalformedError);
  });
});

describe("a snapshot that Apache's server wrote", () => {
  const bytes = vectors.get('file/snapshot')!;

  test('is read part by part with good seals, and written alike', () => {
    const reader = new JuteReader(bytes);
    const writer = new JuteWriter();
    const sealHere = () => {
      const checksum = adler32(ADLER32_INITIAL, bytes, 0, reader.position);
      expect(decodeSnapshotSeal(reader)).toEqual({ checksum });
      encodeSnapshotSeal(writer, { checksum });
    };

    const header = decodeFileHeader(reader);
    expect(header).toEqual({ magic: SNAPSHOT_MAGIC, version: 2, dbid: SNAPSHOT_DBID });
    encodeFileHeader(writer, header);

    const sessionCount = reader.int();
    writer.int(sessionCount);
    for (let i = 0; i < sessionCount; i++) {
      const session = decodeSnapshotSession(reader);
      expect(session).toEqual({ sessionId: 0x100123456789abcn, timeoutMs: 30000 });
      encodeSnapshotSession(writer, session);
    }
    const aclCount = reader.int();
    writer.int(aclCount);
    for (let i = 0; i < aclCount; i++) encodeSnapshotAcl(writer, decodeSnapshotAcl(reader));

    const znodes: SnapshotZnode[] = [];
    for (;;) {
      const znode = decodeSnapshotZnode(reader);
      encodeSnapshotZnode(writer, znode);
      if (znode === undefined) break;
      znodes.push(znode);
    }
    expect(znodes[0]!.path).toBe('');
    expect(znodes.map(({ path }) => path).sort()).toEqual([
      '',
      '/a',
      '/a/e',
      '/zookeeper',
      '/zookeeper/config',
      '/zookeeper/quota',
    ]);
    expect(znodes.find(({ path }) => path === '/a/e')).toMatchObject({
      data: null,
      stat: { czxid: 0x100000003, ephemeralOwner: 0x100123456789abcn },
    });
    sealHere();

    const digest = decodeZxidDigest(reader);
    expect(digest).toMatchObject({ zxid: 0x100000008, digestVersion: 2 });
    encodeZxidDigest(writer, digest);
    sealHere();

    expect(reader.remaining).toBe(0);
    expect(writer.view()).toEqual(bytes);
  });

  test('is refused where a seal does not end as it should', () => {
    const damaged = Uint8Array.from(bytes);
    damaged[damaged.byteLength - 1] = 0x2e;
    const reader = new JuteReader(damaged);
    reader.reset(damaged, damaged.byteLength - 13, damaged.byteLength);
    expect(() => decodeSnapshotSeal(reader)).toThrow(MalformedError);
  });
});

describe('digests of the first version', () => {
  function read(text: string) {
    const writer = new JuteWriter();
    writer.longFromNumber(7);
    writer.int(1);
    writer.ustring(text);
    return decodeZxidDigest(new JuteReader(writer.copy()));
  }

  test('are hexadecimal text', () => {
    expect(read('1f')).toEqual({ zxid: 7, digestVersion: 1, digest: 0x1fn });
    expect(read('-1f').digest).toBe(-0x1fn);
    expect(read('').digest).toBe(0n);
  });

  test('are refused when they are not', () => {
    for (const text of ['x', '1f ', '--1', '0x1', '11111111111111111']) {
      expect(() => read(text)).toThrow(MalformedError);
    }
  });
});
