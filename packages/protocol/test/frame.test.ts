import { FrameSplitter, fourLetterWordOf, MalformedError, splitFrames } from '@zooid/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** The frames as one stream. */
function streamOf(frames: readonly Uint8Array[]): Uint8Array {
  const stream: number[] = [];
  for (const frame of frames) {
    const view = new DataView(new ArrayBuffer(4));
    view.setInt32(0, frame.byteLength);
    stream.push(...new Uint8Array(view.buffer), ...frame);
  }
  return Uint8Array.from(stream);
}

/** Feeds the stream in pieces and copies what comes out. */
function splitInPieces(splitter: FrameSplitter, pieces: readonly Uint8Array[]): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (const piece of pieces) {
    splitter.push(piece);
    while (splitter.next()) {
      frames.push(splitter.bytes.slice(splitter.frameStart, splitter.frameEnd));
    }
  }
  return frames;
}

function lengthPrefix(length: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, length);
  return bytes;
}

describe('splitting a stream into frames', () => {
  test('a frame that lies within one chunk is handed out in place', () => {
    const splitter = new FrameSplitter();
    const chunk = streamOf([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
    splitter.push(chunk);
    expect(splitter.next()).toBe(true);
    expect(splitter.bytes).toBe(chunk);
    expect([splitter.frameStart, splitter.frameEnd]).toEqual([4, 7]);
    expect(splitter.next()).toBe(true);
    expect([splitter.frameStart, splitter.frameEnd]).toEqual([11, 12]);
    expect(splitter.next()).toBe(false);
    expect(splitter.heldBytes).toBe(0);
  });

  test('an empty frame is a frame', () => {
    expect(splitFrames(streamOf([new Uint8Array(0)]))).toEqual([new Uint8Array(0)]);
  });

  test('frames survive being split at every byte', () => {
    const frames = [Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint8Array.of(4, 5, 6, 7, 8, 9)];
    const stream = streamOf(frames);
    for (let cut = 0; cut <= stream.byteLength; cut++) {
      const pieces = [stream.subarray(0, cut), stream.subarray(cut)];
      expect(splitInPieces(new FrameSplitter(), pieces)).toEqual(frames);
    }
    const bytes = Array.from(stream, (_, i) => stream.subarray(i, i + 1));
    expect(splitInPieces(new FrameSplitter(), bytes)).toEqual(frames);
  });

  test('any frames in any pieces come out as they went in', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }),
        fc.array(fc.nat(6000), { maxLength: 20 }),
        (frames, cuts) => {
          const stream = streamOf(frames);
          const places = [0, ...cuts.map((cut) => Math.min(cut, stream.byteLength))].sort(
            (a, b) => a - b,
          );
          // Each piece is wiped after use: whatever spans chunks must have been copied.
          const pieces = places.map((place, i) => stream.slice(place, places[i + 1]));
          const splitter = new FrameSplitter();
          const out: Uint8Array[] = [];
          for (const piece of pieces) {
            out.push(...splitInPieces(splitter, [piece]));
            piece.fill(0xee);
          }
          expect(out).toEqual(frames);
          expect(splitter.heldBytes).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('a frame of exactly the limit passes and one byte more is refused', () => {
    const splitter = new FrameSplitter(10);
    expect(splitInPieces(splitter, [streamOf([new Uint8Array(10)])])).toHaveLength(1);
    splitter.push(lengthPrefix(11));
    expect(splitter.next()).toBe(false);
    expect(splitter.isRefused).toBe(true);
    expect(splitter.refusedLength).toBe(11);
  });

  test.each([-1, -(2 ** 31), 2 ** 31 - 1, 1_048_576])(
    'a length of %i is refused at once',
    (length) => {
      for (const cut of [0, 1, 2, 3, 4]) {
        const splitter = new FrameSplitter();
        const stream = Uint8Array.of(...lengthPrefix(length), 1, 2, 3);
        const frames = splitInPieces(splitter, [stream.subarray(0, cut), stream.subarray(cut)]);
        expect(frames).toEqual([]);
        expect(splitter.isRefused).toBe(true);
        expect(splitter.refusedLength).toBe(length);
        expect(splitter.heldBytes).toBe(0);
      }
    },
  );

  test('no frame comes after a refused one', () => {
    const splitter = new FrameSplitter();
    splitInPieces(splitter, [lengthPrefix(-1)]);
    expect(splitInPieces(splitter, [streamOf([Uint8Array.of(1)])])).toEqual([]);
  });

  test('frames before a refused length are still handed out', () => {
    const stream = Uint8Array.of(...streamOf([Uint8Array.of(9)]), ...lengthPrefix(-5));
    const splitter = new FrameSplitter();
    expect(splitInPieces(splitter, [stream])).toEqual([Uint8Array.of(9)]);
    expect(splitter.refusedLength).toBe(-5);
  });

  test('a four-letter word is a refused length, and what follows it can be read', () => {
    const splitter = new FrameSplitter(2 ** 30 - 1);
    splitInPieces(splitter, [new TextEncoder().encode('stmk\0\0\0\0\0\0\0\x07')]);
    expect(fourLetterWordOf(splitter.refusedLength)).toBe('stmk');
    expect(splitter.rest()).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 7));
  });

  test('a long frame costs memory only as its bytes arrive', () => {
    const splitter = new FrameSplitter();
    splitter.push(lengthPrefix(900_000));
    expect(splitter.next()).toBe(false);
    expect(splitter.heldBytes).toBe(4);
    splitter.push(new Uint8Array(1000));
    expect(splitter.next()).toBe(false);
    expect(splitter.heldBytes).toBe(1004);
    splitter.push(new Uint8Array(899_000).fill(7));
    expect(splitter.next()).toBe(true);
    expect(splitter.frameEnd - splitter.frameStart).toBe(900_000);
    // The buffer was made for what had arrived, at most doubled, and never beyond the frame.
    expect(splitter.bytes.buffer.byteLength).toBeLessThanOrEqual(900_004);
  });

  test('a gathered frame stays intact until the next call', () => {
    const splitter = new FrameSplitter();
    const stream = streamOf([Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5, 6)]);
    splitter.push(stream.subarray(0, 5));
    expect(splitter.next()).toBe(false);
    splitter.push(stream.subarray(5, 12));
    expect(splitter.next()).toBe(true);
    expect(splitter.bytes.slice(splitter.frameStart, splitter.frameEnd)).toEqual(
      Uint8Array.of(1, 2, 3),
    );
    expect(splitter.next()).toBe(false);
    splitter.push(stream.subarray(12));
    expect(splitter.next()).toBe(true);
    expect(splitter.bytes.slice(splitter.frameStart, splitter.frameEnd)).toEqual(
      Uint8Array.of(4, 5, 6),
    );
  });

  test('pushing over an unread chunk is a bug and stops', () => {
    const splitter = new FrameSplitter();
    splitter.push(streamOf([Uint8Array.of(1)]));
    expect(() => splitter.push(Uint8Array.of(1))).toThrow('used up');
  });

  test('a recording that ends inside a frame is refused', () => {
    expect(() => splitFrames(Uint8Array.of(0, 0, 0, 2, 1))).toThrow(MalformedError);
    expect(() => splitFrames(lengthPrefix(-1))).toThrow(MalformedError);
  });

  test('a limit that a four-letter word would fit in is not accepted', () => {
    expect(() => new FrameSplitter(2 ** 30)).toThrow(RangeError);
    expect(() => new FrameSplitter(-1)).toThrow(RangeError);
  });
});
