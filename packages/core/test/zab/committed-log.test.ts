import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommittedLog } from '../../src/zab/committed-log.ts';
import { firstZxidOf } from '../../src/zab/zxid.ts';

function add(log: CommittedLog, zxid: number, length = 3): void {
  // Not at the start of its bytes, and overwritten afterwards, as in a real chunk.
  const bytes = new Uint8Array(length + 4).fill(zxid % 251);
  log.add(zxid, bytes, 2, 2 + length);
  bytes.fill(0xee);
}

const zxidsOf = (log: CommittedLog, after = 0): number[] =>
  [...log.after(after)].map(({ zxid }) => zxid);

describe('the transactions committed last', () => {
  it('hold copies, oldest first', () => {
    const log = new CommittedLog(4, 1000);
    for (let zxid = 1; zxid <= 3; zxid++) add(log, zxid, zxid);
    const found = [...log.after(1)].map(({ zxid, bytes, length }) => [
      zxid,
      [...bytes.subarray(0, length)],
    ]);
    expect(found).toEqual([
      [2, [2, 2]],
      [3, [3, 3, 3]],
    ]);
    expect([log.minZxid, log.maxZxid, log.size]).toEqual([1, 3, 3]);
  });

  it('are none at first and after clear', () => {
    const log = new CommittedLog(4, 1000);
    expect([log.minZxid, log.maxZxid, log.size, log.floor(9)]).toEqual([
      undefined,
      undefined,
      0,
      undefined,
    ]);
    add(log, 1);
    log.clear();
    expect([log.minZxid, log.maxZxid, log.size, log.floor(9)]).toEqual([
      undefined,
      undefined,
      0,
      undefined,
    ]);
    add(log, 7);
    expect(zxidsOf(log)).toEqual([7]);
  });

  it('give up the oldest for the newest, by number', () => {
    const log = new CommittedLog(3, 1000);
    for (let zxid = 1; zxid <= 8; zxid++) add(log, zxid);
    expect(zxidsOf(log)).toEqual([6, 7, 8]);
  });

  it('give up the oldest for the newest, by bytes', () => {
    const log = new CommittedLog(100, 10);
    for (let zxid = 1; zxid <= 5; zxid++) add(log, zxid, 4);
    expect(zxidsOf(log)).toEqual([4, 5]);
    add(log, 6, 10);
    expect(zxidsOf(log)).toEqual([6]);
  });

  it('keep one that is larger than all may be together: the newest is never missing', () => {
    const log = new CommittedLog(100, 10);
    add(log, 1, 4);
    add(log, 2, 50);
    expect(zxidsOf(log)).toEqual([2]);
    add(log, 3, 4);
    expect(zxidsOf(log)).toEqual([3]);
  });

  it('do not keep the memory of large ones for small ones', () => {
    const log = new CommittedLog(1, 100_000);
    add(log, 1, 50_000);
    add(log, 2, 10);
    expect([...log.after(0)][0]!.bytes.byteLength).toBeLessThan(4096);
  });

  it('know what is at or below a zxid', () => {
    const log = new CommittedLog(10, 1000);
    const second = firstZxidOf(2);
    for (const zxid of [4, 5, second + 1]) add(log, zxid);
    expect([3, 4, 5, 6, second, second + 1, second + 9].map((zxid) => log.floor(zxid))).toEqual([
      undefined,
      4,
      5,
      5,
      5,
      second + 1,
      second + 1,
    ]);
  });

  it.each<[string, readonly number[]]>([
    ['a counter is left out', [1, 3]],
    ['a zxid comes again', [1, 1]],
    ['a zxid goes back', [5, 4]],
    ['an epoch begins with its second transaction', [1, firstZxidOf(2) + 2]],
    ['an epoch goes back', [firstZxidOf(2) + 1, firstZxidOf(1) + 1]],
  ])('stop the server when there would be a gap: %s', (_title, zxids) => {
    const log = new CommittedLog(10, 1000);
    expect(() => {
      for (const zxid of zxids) add(log, zxid);
    }).toThrow('committed transactions have no gap');
  });

  it('are what a plain list would hold', () => {
    const step = fc.record({
      newEpoch: fc.boolean(),
      length: fc.nat({ max: 12 }),
      probe: fc.nat({ max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const log = new CommittedLog(5, 20);
        let model: { zxid: number; length: number }[] = [];
        let zxid = 0;
        for (const { newEpoch, length, probe } of steps) {
          zxid = newEpoch ? firstZxidOf(Math.floor(zxid / 2 ** 32) + 1) + 1 : zxid + 1;
          add(log, zxid, length);
          model.push({ zxid, length });
          model = model.slice(-5);
          const bytes = () => model.reduce((sum, one) => sum + one.length, 0);
          while (model.length > 1 && bytes() > 20) model = model.slice(1);
          const at = zxid - probe;
          expect(zxidsOf(log)).toEqual(model.map((one) => one.zxid));
          expect(zxidsOf(log, at)).toEqual(
            model.filter((one) => one.zxid > at).map((one) => one.zxid),
          );
          expect(log.floor(at)).toBe(model.findLast((one) => one.zxid <= at)?.zxid);
        }
      }),
    );
  });
});
