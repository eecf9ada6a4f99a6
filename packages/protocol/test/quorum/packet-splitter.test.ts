import {
  decodeQuorumPacket,
  encodeQuorumPacket,
  JuteReader,
  JuteWriter,
  PacketSplitter,
  type QuorumPacket,
  QuorumPacketType,
} from '@zooid/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

function packet(parts: Partial<QuorumPacket>): QuorumPacket {
  return { type: QuorumPacketType.ping, zxid: 7, data: null, authinfo: null, ...parts };
}

const SOME: readonly QuorumPacket[] = [
  packet({}),
  packet({ data: new Uint8Array(0) }),
  packet({ type: QuorumPacketType.proposal, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7) }),
  packet({
    type: QuorumPacketType.request,
    zxid: -1,
    data: Uint8Array.of(9),
    authinfo: [
      { scheme: 'digest', id: 'bob:x' },
      { scheme: 'ip', id: '' },
    ],
  }),
  packet({ authinfo: [] }),
];

function streamOf(packets: readonly QuorumPacket[]): Uint8Array {
  const writer = new JuteWriter();
  for (const each of packets) encodeQuorumPacket(writer, each);
  return writer.copy();
}

function bytesOf(writes: (writer: JuteWriter) => void): Uint8Array {
  const writer = new JuteWriter();
  writes(writer);
  return writer.copy();
}

/** Feeds the stream in pieces, each of which is wiped after use: what spans chunks must have been copied. */
function splitInPieces(
  splitter: PacketSplitter,
  pieces: readonly Uint8Array[],
): (QuorumPacket & { data: Uint8Array | null })[] {
  const packets: QuorumPacket[] = [];
  for (const piece of pieces) {
    const chunk = piece.slice();
    splitter.push(chunk);
    while (splitter.next()) {
      const bytes = splitter.bytes.slice(splitter.packetStart, splitter.packetEnd);
      const reader = new JuteReader(bytes);
      packets.push(decodeQuorumPacket(reader));
      expect(reader.remaining).toBe(0);
    }
    chunk.fill(0xee);
  }
  return packets;
}

describe('splitting a stream into quorum packets', () => {
  test('a packet that lies within one chunk is handed out in place', () => {
    const splitter = new PacketSplitter();
    const chunk = streamOf(SOME);
    splitter.push(chunk);
    let end = 0;
    for (const _ of SOME) {
      expect(splitter.next()).toBe(true);
      expect(splitter.bytes).toBe(chunk);
      expect(splitter.packetStart).toBe(end);
      end = splitter.packetEnd;
    }
    expect(end).toBe(chunk.byteLength);
    expect(splitter.next()).toBe(false);
    expect(splitter.heldBytes).toBe(0);
  });

  test('packets survive being split at every pair of bytes', () => {
    const packets = SOME.slice(2, 4);
    const stream = streamOf(packets);
    for (let first = 0; first <= stream.byteLength; first++) {
      for (let second = first; second <= stream.byteLength; second++) {
        const pieces = [stream.subarray(0, first), stream.subarray(first, second)];
        const splitter = new PacketSplitter();
        expect(splitInPieces(splitter, [...pieces, stream.subarray(second)])).toEqual(packets);
        expect(splitter.heldBytes).toBe(0);
      }
    }
    const bytes = Array.from(stream, (_, i) => stream.subarray(i, i + 1));
    expect(splitInPieces(new PacketSplitter(), bytes)).toEqual(packets);
  });

  test('any packets in any pieces come out as they went in', () => {
    const text = fc.string({ maxLength: 40 });
    const anyPacket = fc.record({
      type: fc.integer({ min: 1, max: 19 }),
      zxid: fc.maxSafeInteger(),
      data: fc.option(fc.uint8Array({ maxLength: 300 })),
      authinfo: fc.option(fc.array(fc.record({ scheme: text, id: text }), { maxLength: 4 })),
    });
    fc.assert(
      fc.property(
        fc.array(anyPacket, { maxLength: 12 }),
        fc.array(fc.nat(6000), { maxLength: 20 }),
        (packets, cuts) => {
          const stream = streamOf(packets);
          const places = [0, ...cuts.map((cut) => Math.min(cut, stream.byteLength))].sort(
            (a, b) => a - b,
          );
          const pieces = places.map((place, i) => stream.subarray(place, places[i + 1]));
          const splitter = new PacketSplitter();
          expect(splitInPieces(splitter, pieces)).toEqual(packets);
          expect(splitter.heldBytes).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('any bytes end in packets, a wish for more, or a refusal, and hold no more than arrived', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), (pieces) => {
        const splitter = new PacketSplitter(1000);
        let arrived = 0;
        for (const piece of pieces) {
          splitter.push(piece);
          arrived += piece.byteLength;
          while (splitter.next())
            expect(splitter.packetEnd - splitter.packetStart).toBeGreaterThan(19);
          expect(splitter.heldBytes).toBeLessThanOrEqual(arrived);
        }
      }),
      { numRuns: 500 },
    );
  });

  test.each<[string, (writer: JuteWriter) => void]>([
    ['data of -2 bytes', (writer) => writer.int(-2)],
    ['data of 101 bytes', (writer) => writer.int(101)],
    ['data of 2147483647 bytes', (writer) => writer.int(2 ** 31 - 1)],
    [
      '-2 identities',
      (writer) => {
        writer.int(-1);
        writer.int(-2);
      },
    ],
    [
      '10001 identities',
      (writer) => {
        writer.int(-1);
        writer.int(10_001);
      },
    ],
    [
      'an identity of -2 bytes',
      (writer) => {
        writer.int(-1);
        writer.int(1);
        writer.ustring('ip');
        writer.int(-2);
      },
    ],
    [
      'identities that are too long together',
      (writer) => {
        writer.int(-1);
        writer.int(9);
        for (let i = 0; i < 9; i++) writer.ustring('x'.repeat(40));
      },
    ],
  ])('%s are refused as soon as they show', (what, writeRest) => {
    const stream = bytesOf((writer) => {
      writer.int(1);
      writer.longFromNumber(0);
      writeRest(writer);
    });
    for (let cut = 0; cut <= stream.byteLength; cut++) {
      const splitter = new PacketSplitter(100);
      const pieces = [streamOf([SOME[2]!]), stream.subarray(0, cut), stream.subarray(cut)];
      expect(splitInPieces(splitter, pieces)).toEqual([SOME[2]]);
      expect(splitter.refusal).toBe(`a quorum packet with ${what}`);
      expect(splitter.heldBytes).toBe(0);
      // Final.
      expect(splitInPieces(splitter, [streamOf(SOME)])).toEqual([]);
    }
  });

  test('data of exactly the limit passes', () => {
    const splitter = new PacketSplitter(100);
    const longest = packet({ data: new Uint8Array(100) });
    expect(splitInPieces(splitter, [streamOf([longest])])).toEqual([longest]);
  });

  test('a packet with thousands of identities is gathered byte by byte without looking at any twice', () => {
    const authinfo = Array.from({ length: 10_000 }, (_, i) => ({ scheme: 's', id: String(i) }));
    const stream = streamOf([packet({ authinfo })]);
    // The work that is left at each byte does not grow with those before: 1.4e5 bytes by 2e4 texts would take minutes.
    const bytes = Array.from(stream, (_, i) => stream.subarray(i, i + 1));
    expect(splitInPieces(new PacketSplitter(), bytes)[0]?.authinfo?.at(-1)?.id).toBe('9999');
  });

  test('what follows a packet is handed over, and what follows that comes back', () => {
    const snapshot = Uint8Array.of(11, 12, 13, 14, 15);
    const snap = packet({ type: QuorumPacketType.snap });
    const stream = Uint8Array.of(...streamOf([SOME[0]!, snap]), ...snapshot, ...streamOf(SOME));
    for (let cut = 0; cut <= stream.byteLength; cut++) {
      const splitter = new PacketSplitter();
      const packets: QuorumPacket[] = [];
      const received: number[] = [];
      let isSnapshot = false;
      const take = (chunk: Uint8Array) => {
        let rest = chunk;
        for (;;) {
          if (isSnapshot) {
            const wanted = snapshot.byteLength - received.length;
            received.push(...rest.subarray(0, wanted));
            rest = rest.subarray(wanted);
            if (received.length < snapshot.byteLength) return;
            isSnapshot = false;
          }
          splitter.push(rest);
          while (!isSnapshot && splitter.next()) {
            const { bytes, packetStart, packetEnd } = splitter;
            const each = decodeQuorumPacket(new JuteReader(bytes.slice(packetStart, packetEnd)));
            packets.push(each);
            isSnapshot = each.type === QuorumPacketType.snap;
          }
          if (!isSnapshot) return;
          rest = splitter.takeRest();
        }
      };
      take(stream.subarray(0, cut));
      take(stream.subarray(cut));
      expect(Uint8Array.from(received)).toEqual(snapshot);
      expect(packets).toEqual([SOME[0], snap, ...SOME]);
    }
  });

  test('the rest cannot be taken in the middle of a packet, nor a chunk pushed over one that is not used up', () => {
    const splitter = new PacketSplitter();
    const stream = streamOf(SOME);
    splitter.push(stream.subarray(0, stream.byteLength - 1));
    expect(() => splitter.push(stream)).toThrow('before the one before it is used up');
    while (splitter.next());
    expect(() => splitter.takeRest()).toThrow('in the middle of a packet');
  });
});
