import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PercentileSummary, PercentileWindow, Summary } from '../../src/report/summary.ts';

const values = fc.array(fc.integer({ min: 0, max: 0x7fff_ffff }), { minLength: 1, maxLength: 200 });

describe('Summary', () => {
  it('knows count, sum, minimum, maximum and the mean to four decimals', () => {
    const summary = new Summary();
    for (const value of [3, 0, 4]) summary.add(value);
    expect(summary).toMatchObject({ count: 3, sum: 7, min: 0, max: 4, average: 2.3333 });
  });

  it('is all zeros while nothing was added and after a reset', () => {
    const summary = new Summary();
    expect(summary).toMatchObject({ count: 0, sum: 0, min: 0, max: 0, average: 0 });
    summary.add(5);
    summary.reset();
    expect(summary).toMatchObject({ count: 0, sum: 0, min: 0, max: 0, average: 0 });
    summary.add(9);
    expect(summary.min).toBe(9);
  });

  it('cuts fractions off and does not count what a clock that stepped back makes', () => {
    const summary = new PercentileSummary();
    summary.add(-1);
    summary.add(2.9);
    expect(summary).toMatchObject({ count: 1, sum: 2, min: 2, max: 2 });
    expect(summary.percentile(1)).toBe(2);
  });
});

describe('PercentileSummary', () => {
  it('never understates a percentile and overstates it by less than 1/32', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (added, share) => {
        const summary = new PercentileSummary();
        for (const value of added) summary.add(value);
        const sorted = [...added].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1]!;
        const told = summary.percentile(share);
        expect(told).toBeGreaterThanOrEqual(exact);
        expect(told).toBeLessThanOrEqual(exact + exact / 32);
      }),
    );
  });

  it('is exact below 64', () => {
    const summary = new PercentileSummary();
    for (let value = 0; value < 64; value += 1) summary.add(value);
    expect([0.25, 0.5, 1].map((share) => summary.percentile(share))).toEqual([15, 31, 63]);
  });

  it('keeps values beyond 31 bits in its last cell', () => {
    const summary = new PercentileSummary();
    summary.add(2 ** 40);
    expect(summary.percentile(0.5)).toBe(2 ** 31 - 1);
    expect(summary.max).toBe(2 ** 40);
  });
});

describe('PercentileWindow', () => {
  it('forgets values after two windows', () => {
    const summary = new PercentileSummary();
    const window = new PercentileWindow(summary);
    window.advance(0, 60);
    for (let i = 0; i < 100; i += 1) summary.add(50);
    expect(window.percentile(0.5)).toBe(50);
    window.advance(60, 60);
    for (let i = 0; i < 10; i += 1) summary.add(2);
    expect(window.percentile(0.5)).toBe(50);
    window.advance(120, 60);
    expect(window.percentile(0.5)).toBe(2);
    window.advance(180, 60);
    expect(window.percentile(0.5)).toBeUndefined();
  });

  it('forgets all when nobody asked for two windows', () => {
    const summary = new PercentileSummary();
    const window = new PercentileWindow(summary);
    window.advance(0, 60);
    summary.add(50);
    window.advance(1000, 60);
    expect(window.percentile(0.5)).toBeUndefined();
    summary.add(3);
    expect(window.percentile(0.5)).toBe(3);
  });

  it('shows what came after a reset of the summary', () => {
    const summary = new PercentileSummary();
    const window = new PercentileWindow(summary);
    window.advance(0, 60);
    for (let i = 0; i < 5; i += 1) summary.add(7);
    window.advance(60, 60);
    window.advance(120, 60);
    summary.reset();
    summary.add(7);
    expect(window.percentile(0.5)).toBe(7);
  });
});
