import { JuteWriter } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { ReplyScanner } from '../../src/load/reply-scanner.ts';
import { countingFrom, Tape } from '../../src/load/tape.ts';
import { UnexpectedReplyError } from '../../src/load/wire/server-error.ts';

/** A tape of two frames: the replies to the first have a body of 5 bytes, those to the second none. */
const tape = new Tape(
  [
    { write: (writer) => writer.raw(new Uint8Array(12), 0, 12), replyLength: 21 },
    { write: (writer) => writer.raw(new Uint8Array(12), 0, 12), replyLength: 16 },
  ],
  4,
  countingFrom(0),
);

function reply(xid: number, bodyBytes: number, code = 0): Uint8Array {
  const writer = new JuteWriter();
  const mark = writer.startFrame();
  writer.int(xid);
  writer.longFromNumber(77);
  writer.int(code);
  writer.raw(new Uint8Array(bodyBytes).fill(0xff), 0, bodyBytes);
  writer.endFrame(mark);
  return writer.copy();
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Feeds chunks through one buffer, as sockets do. */
function feedAll(scanner: ReplyScanner, chunks: readonly Uint8Array[]): number {
  const buffer = new Uint8Array(1024);
  let completed = 0;
  for (const chunk of chunks) {
    buffer.fill(0xee);
    buffer.set(chunk);
    completed += scanner.feed(buffer, chunk.byteLength);
  }
  return completed;
}

describe('counting replies', () => {
  const stream = joined(reply(1, 5), reply(2, 0), reply(3, 5), reply(4, 0));

  test('counts every reply of a chunk that holds several', () => {
    expect(feedAll(new ReplyScanner(tape, 0, 1), [stream])).toBe(4);
  });

  test('counts the same wherever the stream is cut in two', () => {
    for (let cut = 0; cut <= stream.byteLength; cut++) {
      const chunks = [stream.subarray(0, cut), stream.subarray(cut)];
      expect(feedAll(new ReplyScanner(tape, 0, 1), chunks), `cut at ${cut}`).toBe(4);
    }
  });

  test('counts the same when each chunk is a single byte', () => {
    const chunks = [...stream].map((byte) => Uint8Array.of(byte));
    expect(feedAll(new ReplyScanner(tape, 0, 1), chunks)).toBe(4);
  });

  test('counts a reply only when its last byte is there', () => {
    expect(feedAll(new ReplyScanner(tape, 0, 1), [stream.subarray(0, 24)])).toBe(0);
    expect(feedAll(new ReplyScanner(tape, 0, 1), [stream.subarray(0, 25)])).toBe(1);
  });
});

describe('replies that are not work', () => {
  test.each([
    ['an error', reply(1, 0, -101), /noNode \(-101\)/],
    ['an answer to another request', reply(2, 5), /request 2/],
    ['an answer of another length', reply(1, 6), /22 bytes/],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => feedAll(new ReplyScanner(tape, 0, 1), [bytes])).toThrow(UnexpectedReplyError);
    expect(() => feedAll(new ReplyScanner(tape, 0, 1), [bytes])).toThrow(message);
  });

  test('an error is seen when its header comes in pieces', () => {
    const bytes = reply(1, 0, -101);
    const chunks = [bytes.subarray(0, 17), bytes.subarray(17)];
    expect(() => feedAll(new ReplyScanner(tape, 0, 1), chunks)).toThrow(UnexpectedReplyError);
  });
});
