import { ADLER32_INITIAL, adler32 } from '@zooid/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkLogHeader,
  checkLogRecord,
  findLogRecord,
  isPayloadWhole,
  LOG_HEADER_BYTES,
  LOG_RECORD_OVERHEAD_BYTES,
  LogRecordState,
  logRecordLength,
  mayFollow,
  TXN_HEADER_BYTES,
  txnZxid,
  writeLogHeader,
  writeLogRecord,
} from '../../src/storage/log-format.ts';

/** The first 89 bytes of a log that ZooKeeper 3.8.0 wrote: header and a createSession. */
const APACHE_LOG =
  '5a4b4c47000000020000000000000000' +
  '00000000e4b70c1f00000030' +
  '0100002a31ad0000000000000000000000000001000001a1f9d9dfdafffffff600007530000000020000000051c6d66042';

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** A record around a payload that begins with this zxid, at the front of an array with room behind. */
function record(zxid: number, payloadBytes = 40, roomBytes = 0): Uint8Array {
  const payload = new Uint8Array(payloadBytes).map((_, i) => (i * 37 + zxid) & 0xff);
  new DataView(payload.buffer).setBigInt64(12, BigInt(zxid));
  const bytes = new Uint8Array(payloadBytes + LOG_RECORD_OVERHEAD_BYTES + roomBytes);
  writeLogRecord(bytes, 0, payload, 0, payloadBytes);
  return bytes;
}

describe('bytes of Apache', () => {
  test('are read: header, record, zxid', () => {
    const bytes = bytesOf(APACHE_LOG);

    expect(checkLogHeader(bytes, bytes.byteLength)).toBe('valid');
    expect(checkLogRecord(bytes, 16, bytes.byteLength)).toBe(LogRecordState.whole);
    expect(logRecordLength(bytes, 16)).toBe(48);
    expect(txnZxid(bytes, 28)).toBe(1);
  });

  test('are what we write', () => {
    const expected = bytesOf(APACHE_LOG);
    const written = new Uint8Array(expected.byteLength).fill(0xaa);

    writeLogHeader(written, 0);
    const end = writeLogRecord(written, LOG_HEADER_BYTES, expected, 28, 76);

    expect(end).toBe(expected.byteLength);
    expect(written).toEqual(expected);
  });
});

describe('a header', () => {
  test('cut at any byte, by the end of the file or by zeros, is cut short and not foreign', () => {
    const header = bytesOf(APACHE_LOG).subarray(0, 16);
    for (let length = 0; length < 16; length++) {
      expect(checkLogHeader(header, length), `length ${length}`).toBe('cut-short');
    }
    for (let kept = 0; kept < 4; kept++) {
      const zeroed = header.slice().fill(0, kept);
      expect(checkLogHeader(zeroed, 16), `${kept} bytes kept`).toBe('cut-short');
    }
  });

  test('with another magic number is foreign', () => {
    expect(checkLogHeader(new TextEncoder().encode('ZKSN............'), 16)).toBe('foreign');
    expect(checkLogHeader(new TextEncoder().encode('x'), 1)).toBe('foreign');
  });
});

describe('a record', () => {
  test('is whole again for every payload, with the checksum of the protocol package', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: TXN_HEADER_BYTES, maxLength: 2000 }),
        fc.nat(20),
        (payload, at) => {
          const bytes = new Uint8Array(at + payload.byteLength + LOG_RECORD_OVERHEAD_BYTES);

          // Not where its array begins, and the array not where its memory does.
          const around = new Uint8Array(payload.byteLength + 2 * at + 9).subarray(3);
          around.set(payload, at);
          const end = writeLogRecord(bytes, at, around, at, at + payload.byteLength);

          expect(end).toBe(bytes.byteLength);
          expect(checkLogRecord(bytes, at, end)).toBe(LogRecordState.whole);
          expect(bytes.subarray(at + 12, end - 1)).toEqual(payload);
          const checksum = new DataView(bytes.buffer).getBigInt64(at);
          const expected = adler32(ADLER32_INITIAL, payload, 0, payload.byteLength);
          expect(checksum).toBe(BigInt(expected));
        },
      ),
    );
  });

  test('has the right checksum also where sums are greatest', () => {
    for (const length of [32, 79, 80, 81, 511, 4095, 4096, 4097, 6000]) {
      const payload = new Uint8Array(length).fill(0xff);
      const bytes = new Uint8Array(length + LOG_RECORD_OVERHEAD_BYTES);
      writeLogRecord(bytes, 0, payload, 0, length);
      expect(checkLogRecord(bytes, 0, bytes.byteLength)).toBe(LogRecordState.whole);
    }
  });

  test('that ends beyond the bytes at hand is incomplete at every length', () => {
    const bytes = record(5);
    for (let end = 0; end < bytes.byteLength; end++) {
      expect(checkLogRecord(bytes, 0, end), `${end} bytes`).toBe(LogRecordState.incomplete);
    }
  });

  test('with any bit changed is not whole', () => {
    const bytes = record(5);
    for (let bit = 0; bit < bytes.byteLength * 8; bit++) {
      const changed = bytes.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(checkLogRecord(changed, 0, changed.byteLength), `bit ${bit}`).not.toBe(
        LogRecordState.whole,
      );
    }
  });

  test('is told apart: zeros, absurd length, missing end mark, wrong checksum', () => {
    const bytes = record(5, 40, 100);
    const stateWith = (change: (view: DataView) => void): LogRecordState => {
      const changed = bytes.slice();
      change(new DataView(changed.buffer));
      return checkLogRecord(changed, 0, changed.byteLength);
    };

    expect(checkLogRecord(new Uint8Array(100), 0, 100)).toBe(LogRecordState.zeros);
    expect(stateWith((view) => view.setInt32(8, 0))).toBe(LogRecordState.badLength);
    expect(stateWith((view) => view.setInt32(8, -1))).toBe(LogRecordState.badLength);
    expect(stateWith((view) => view.setInt32(8, 31))).toBe(LogRecordState.badLength);
    expect(stateWith((view) => view.setInt32(8, 1000))).toBe(LogRecordState.incomplete);
    expect(stateWith((view) => view.setUint8(52, 0))).toBe(LogRecordState.unfinished);
    expect(stateWith((view) => view.setUint8(20, 0))).toBe(LogRecordState.badChecksum);
    expect(stateWith((view) => view.setUint8(3, 1))).toBe(LogRecordState.badChecksum);
  });
});

describe('what follows damage', () => {
  test('a whole record is found wherever it begins, unless its zxid was seen before', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.uint8Array({ maxLength: 60 }),
        (before, after) => {
          const whole = record(9);
          const bytes = new Uint8Array([...before, ...whole, ...after]);

          expect(findLogRecord(bytes, 0, bytes.byteLength, 8)).toBe(before.byteLength);
          expect(findLogRecord(bytes, 0, bytes.byteLength, 9)).toBe(-1);
          expect(findLogRecord(bytes, before.byteLength + 1, bytes.byteLength, 8)).toBe(-1);
        },
      ),
    );
  });

  test('a whole payload is known though its length or its end mark was changed', () => {
    const bytes = record(9);
    const end = bytes.byteLength;
    expect(isPayloadWhole(bytes, 0, end)).toBe(true);
    for (const at of [8, 9, 10, 11, end - 1]) {
      const changed = bytes.slice();
      changed[at]! ^= 0x10;
      expect(isPayloadWhole(changed, 0, end), `byte ${at}`).toBe(true);
    }
    expect(isPayloadWhole(bytes, 0, end - 1)).toBe(false);
    expect(isPayloadWhole(bytes, 0, 20)).toBe(false);
  });
});

test('a zxid is followed by the next counter, or by the first one of a later epoch', () => {
  const epoch = 0x1_0000_0000;
  expect(mayFollow(5, 6)).toBe(true);
  expect(mayFollow(5, epoch + 1)).toBe(true);
  expect(mayFollow(5, 7 * epoch + 1)).toBe(true);
  expect(mayFollow(epoch - 1, epoch)).toBe(true);
  expect(mayFollow(5, 5)).toBe(false);
  expect(mayFollow(5, 7)).toBe(false);
  expect(mayFollow(5, 4)).toBe(false);
  expect(mayFollow(5, epoch + 2)).toBe(false);
  expect(mayFollow(2 * epoch + 5, epoch + 1)).toBe(false);
  expect(mayFollow(5, Number.NaN)).toBe(false);
});
