import { JuteReader, OpCode } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import type { Tape } from '../../src/load/tape.ts';
import { bulkCreateTape, bulkSetTape, Layout, workloadTape } from '../../src/load/workload.ts';

const layout = new Layout('/b', 3);

/** Xid, opcode and path of `count` frames from `position` on, as a server reads them. */
function framesOf(tape: Tape, position: number, count: number): [number, number, string][] {
  const reader = new JuteReader(tape.bytes);
  reader.position = tape.offsets[position]!;
  const frames: [number, number, string][] = [];
  for (let i = 0; i < count; i++) {
    const end = reader.int() + reader.position;
    frames.push([reader.int(), reader.int(), reader.text()]);
    reader.position = end;
  }
  expect(reader.position).toBe(tape.offsets[position + count]);
  return frames;
}

describe('a tape of prebuilt frames', () => {
  test('gets successive xids and unique names by being stamped', () => {
    const tape = workloadTape('create', layout, 4, 0xfe);
    tape.stamp(0, 2, 7);
    tape.stamp(2, 1, 9);
    expect(framesOf(tape, 0, 3)).toEqual([
      [7, OpCode.create, '/b/created/000000fe'],
      [8, OpCode.create, '/b/created/000000ff'],
      [9, OpCode.create, '/b/created/00000100'],
    ]);
    expect(tape.uniqueCount).toBe(3);
  });

  test('repeats its first frames at its end, so that no batch has to wrap', () => {
    const tape = workloadTape('get', layout, 4, 0);
    tape.stamp(tape.frameCount - 1, 4, 1);
    const [, ...wrapped] = framesOf(tape, tape.frameCount - 1, 4).map(([, , path]) => path);
    expect(wrapped).toEqual(framesOf(tape, 0, 3).map(([, , path]) => path));
  });

  test('holds one set for nine gets in the 90/10 mix', () => {
    const tape = workloadTape('mixed-90-10', layout, 1, 0);
    const ops = framesOf(tape, 0, tape.frameCount).map(([, op]) => op);
    expect(ops.filter((op) => op === OpCode.setData)).toHaveLength(ops.length / 10);
    expect(ops.filter((op) => op === OpCode.getData)).toHaveLength((ops.length * 9) / 10);
  });

  test('sets only bulk znodes that were created, and in the end all of them', () => {
    const creates = bulkCreateTape(layout, 1);
    const sets = bulkSetTape(layout, 1, 1_000);
    const created = new Set<string>();
    const set = new Set<string>();
    for (let i = 0; i < 1_000; i++) {
      creates.stamp(i % 100, 1, 1);
      created.add(framesOf(creates, i % 100, 1)[0]![2]);
      sets.stamp(i % 100, 1, 1);
      set.add(framesOf(sets, i % 100, 1)[0]![2]);
    }
    expect(created).toContain('/b/bulk/e7/000003e7');
    expect(set).toEqual(created);
  });
});
