import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteArena } from '../../src/tree/byte-arena.ts';

const megabyte = 1 << 20;

/** Fills the room of a handle with a pattern of its own. */
function stamp(arena: ByteArena, handle: number, length: number, seed: number): void {
  const bytes = arena.bytes(handle);
  const offset = arena.offset(handle);
  for (let i = 0; i < length; i++) bytes[offset + i] = seed + i * 7;
}

function isStamped(arena: ByteArena, handle: number, length: number, seed: number): boolean {
  const bytes = arena.bytes(handle);
  const offset = arena.offset(handle);
  for (let i = 0; i < length; i++) if (bytes[offset + i] !== ((seed + i * 7) & 0xff)) return false;
  return true;
}

describe('the byte arena', () => {
  test('never lets two strings overlap, whatever is allocated and freed', () => {
    const length = fc.oneof(fc.nat(200), fc.nat(3000), fc.nat(70_000));
    const step = fc.oneof(
      fc.record({ kind: fc.constant('allocate' as const), length }),
      fc.record({ kind: fc.constant('free' as const), which: fc.nat(1000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const arena = new ByteArena();
        const held: { handle: number; length: number; seed: number }[] = [];
        for (const [i, what] of steps.entries()) {
          if (what.kind === 'allocate') {
            const handle = arena.allocate(what.length);
            held.push({ handle, length: what.length, seed: i & 0xff });
            stamp(arena, handle, what.length, i & 0xff);
          } else if (held.length > 0) {
            const [gone] = held.splice(what.which % held.length, 1);
            arena.free(gone!.handle, gone!.length);
          }
        }
        for (const { handle, length, seed } of held) {
          expect(isStamped(arena, handle, length, seed)).toBe(true);
        }
        for (const { handle, length } of held) arena.free(handle, length);
        expect(arena.usedBytes).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test('gives a word view of the same memory', () => {
    const arena = new ByteArena();
    for (const length of [5, 500, 40_001]) {
      const handle = arena.allocate(length);
      arena.bytes(handle).set([1, 2, 3, 4], arena.offset(handle));
      const word = arena.words(handle)[arena.offset(handle) >>> 2]!;
      expect(new Uint8Array(Int32Array.of(word).buffer)).toEqual(Uint8Array.of(1, 2, 3, 4));
    }
  });

  test('wastes little: 15 bytes or a third of a string, and half of it from 16 KB on', () => {
    const arena = new ByteArena();
    let wasted: number[] = [];
    for (let length = 1; length <= 40_000; length += 13) {
      const before = arena.usedBytes;
      arena.allocate(length);
      const waste = arena.usedBytes - before - length;
      const bound = length <= 16_384 ? length / 3 : length / 2 + 16;
      if (waste < 0 || waste > Math.max(15, bound)) wasted = [...wasted, length];
    }
    expect(wasted).toEqual([]);
  });

  test('gives all memory back when everything is freed, but for one region', () => {
    const arena = new ByteArena();
    const handles: number[] = [];
    for (let i = 0; i < 200_000; i++) handles.push(arena.allocate(100));
    expect(arena.reservedBytes).toBeGreaterThan(20 * megabyte);
    for (const handle of handles) arena.free(handle, 100);
    expect(arena.usedBytes).toBe(0);
    expect(arena.reservedBytes).toBe(megabyte);
  });

  test('room of one size serves another once it is free', () => {
    const arena = new ByteArena();
    for (const length of [16, 100, 1000, 5000, 30_000]) {
      const handles: number[] = [];
      for (let bytes = 0; bytes < 8 * megabyte; bytes += length)
        handles.push(arena.allocate(length));
      for (const handle of handles) arena.free(handle, length);
    }
    expect(arena.reservedBytes).toBe(megabyte);
  });

  test('does not grow under churn of mixed sizes', () => {
    const arena = new ByteArena();
    const held: { handle: number; length: number }[] = [];
    let random = 1;
    const next = (below: number): number => {
      random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
      return (random >>> 8) % below;
    };
    let heldBytes = 0;
    for (let i = 0; i < 300_000; i++) {
      if (held.length > 5000) {
        const at = next(held.length);
        const { handle, length } = held[at]!;
        held[at] = held[held.length - 1]!;
        held.pop();
        arena.free(handle, length);
        heldBytes -= length;
      }
      // The usual size drifts, so that slabs of the sizes before must be given up.
      const length = 1 + next(200) + (Math.floor(i / 30_000) % 4) * 200;
      held.push({ handle: arena.allocate(length), length });
      heldBytes += length;
    }
    expect(arena.reservedBytes).toBeLessThan(heldBytes * 2 + 6 * megabyte);
  });

  test('large strings are freed with their last handle', () => {
    const arena = new ByteArena();
    const handle = arena.allocate(megabyte);
    stamp(arena, handle, megabyte, 3);
    expect(isStamped(arena, handle, megabyte, 3)).toBe(true);
    arena.free(handle, megabyte);
    expect(arena.reservedBytes).toBe(0);
    expect(arena.allocate(megabyte)).toBe(handle);
  });

  test('refuses to free a string under a wrong length', () => {
    const arena = new ByteArena();
    const handle = arena.allocate(100);
    expect(() => arena.free(handle, 300)).toThrow('freed with their own length');
  });
});
