import { describe, expect, test } from 'vitest';
import { TxnBytes } from '../../src/txn/txn-bytes.ts';

function write(bytes: TxnBytes, length: number, fill: number) {
  const block = bytes.begin(length);
  const start = block.out.length;
  for (let i = 0; i < length; i++) block.out.byte(fill);
  bytes.keep(block);
  return { block, start, length, fill };
}

function isWhole({ block, start, length, fill }: ReturnType<typeof write>): boolean {
  return block.out.bytes.subarray(start, start + length).every((byte) => byte === fill);
}

describe('transactions in flight', () => {
  test('stay as they were written until they are released, also when a block has to grow', () => {
    const bytes = new TxnBytes();
    const inFlight: ReturnType<typeof write>[] = [];
    for (let round = 0; round < 300; round++) {
      // Longer than was foreseen, now and then, and than a block.
      const block = bytes.begin(10);
      const length = round % 50 === 0 ? 400_000 : 3000 + round;
      const start = block.out.length;
      for (let i = 0; i < length; i++) block.out.byte(round);
      bytes.keep(block);
      inFlight.push({ block, start, length, fill: round & 255 });
      if (round % 3 === 0) {
        const oldest = inFlight.shift()!;
        expect(isWhole(oldest)).toBe(true);
        bytes.release(oldest.block);
      }
    }
    for (const one of inFlight) {
      expect(isWhole(one)).toBe(true);
      bytes.release(one.block);
    }
  });

  test('use blocks again, but not those that grew', () => {
    const bytes = new TxnBytes();
    const first = write(bytes, 100, 1);
    bytes.release(first.block);
    const second = write(bytes, 100, 2);
    expect(second.block).toBe(first.block);
    expect(second.start).toBe(0);
    const long = write(bytes, 1_000_000, 3);
    expect(long.block).not.toBe(first.block);
    const { block } = write(bytes, 1, 4);
    expect(block).not.toBe(long.block);
    bytes.release(second.block);
    bytes.release(long.block);
    bytes.release(block);
    const fresh = new Set(Array.from({ length: 20 }, () => write(bytes, 200_000, 5).block));
    expect(fresh.has(first.block)).toBe(true);
    expect(fresh.has(long.block)).toBe(false);
  });

  test('that were not kept are written over', () => {
    const bytes = new TxnBytes();
    const { out } = bytes.begin(4);
    out.int(1);
    out.truncate(0);
    expect(write(bytes, 4, 9)).toMatchObject({ start: 0 });
  });
});
