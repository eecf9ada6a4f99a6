import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StatsTrack } from '../../src/quota/stats-track.ts';

const rewritten = (text: string) => StatsTrack.parse(text).toString();

describe('the text of a quota', () => {
  it('is count and bytes when there are no hard limits', () => {
    const track = new StatsTrack();
    expect(track.toString()).toBe('count=-1,bytes=-1');
    track.count = 3;
    track.bytes = 40;
    expect(track.toString()).toBe('count=3,bytes=40');
  });

  it('has the odd equals sign before the hard limits, which are sorted', () => {
    const track = new StatsTrack();
    track.count = 4;
    track.bytes = 5;
    track.countHardLimit = 10;
    track.byteHardLimit = 11;
    expect(track.toString()).toBe('count=4,bytes=5=;byteHardLimit=11;countHardLimit=10');
  });

  it.each([
    'count=-1,bytes=-1',
    'count=4,bytes=5=;byteHardLimit=11;countHardLimit=10',
    'count=4,bytes=5=;countHardLimit=10',
  ])('%s survives being read and written', (text) => expect(rewritten(text)).toBe(text));

  it.each([
    ['', 'count=-1,bytes=-1'],
    ['bytes=5;count=4', 'count=4,bytes=5'],
    ['count=4', 'count=4,bytes=-1'],
    ['count=,bytes=', 'count=-1,bytes=-1'],
    ['count=1,count=2', 'count=2,bytes=-1'],
    ['count=4,bytes=5,other=6', 'count=4,bytes=5=;other=6'],
  ])('%j is read as %s', (text, expected) => expect(rewritten(text)).toBe(expected));

  it.each(['nonsense', ',;=', 'count', 'count=x', 'count=1.5', '=3', 'count=99999999999999999999'])(
    '%j, which stops an Apache server, is read as no limit',
    (text) => expect(rewritten(text)).toBe('count=-1,bytes=-1'),
  );

  it('is read back as it was written whatever the numbers are', () => {
    const limit = fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(limit, limit, limit, limit, (count, bytes, countHard, byteHard) => {
        const track = new StatsTrack();
        track.count = count;
        track.bytes = bytes;
        track.countHardLimit = countHard;
        track.byteHardLimit = byteHard;
        const read = StatsTrack.parse(track.toString());
        expect([read.count, read.bytes]).toEqual([count, bytes]);
        expect([read.countHardLimit, read.byteHardLimit]).toEqual([countHard, byteHard]);
      }),
    );
  });

  it('never throws on any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void rewritten(text)));
  });
});
