import {
  encodeForwardedRequest,
  encodeQuorumPacket,
  type Id,
  JuteWriter,
  OpCode,
  type QuorumPacket,
  QuorumPacketType,
} from '@zooid/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  writeBarePacket,
  writePacket,
  writePacketOf,
  writeRequestPacket,
} from '../../src/zab/packets.ts';

function written(write: (out: JuteWriter) => void): number[] {
  // Behind something else, in a buffer that is too small.
  const out = new JuteWriter(4);
  out.int(0x0102_0304);
  write(out);
  return [...out.copy()].slice(4);
}

const encoded = (packet: QuorumPacket): number[] =>
  written((out) => encodeQuorumPacket(out, packet));

const type = fc.constantFrom(...Object.values(QuorumPacketType));
const zxid = fc.oneof(
  fc.constant(-1),
  fc.nat(),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
);
const data = fc.uint8Array({ maxLength: 40 });

it('a bare packet has the bytes that the codec writes', () => {
  fc.assert(
    fc.property(type, zxid, (type, zxid) => {
      const expected = encoded({ type, zxid, data: null, authinfo: null });
      expect(written((out) => writeBarePacket(out, type, zxid))).toEqual(expected);
    }),
  );
});

it('a packet with data has the bytes that the codec writes', () => {
  fc.assert(
    fc.property(type, zxid, data, fc.nat({ max: 5 }), (type, zxid, data, before) => {
      const bytes = new Uint8Array(before + data.byteLength + 3).fill(0xee);
      bytes.set(data, before);
      const end = before + data.byteLength;
      const expected = encoded({ type, zxid, data, authinfo: null });
      expect(written((out) => writePacket(out, type, zxid, bytes, before, end))).toEqual(expected);
      const write = (out: JuteWriter) => out.raw(bytes, before, end);
      expect(written((out) => writePacketOf(out, type, zxid, write))).toEqual(expected);
    }),
  );
});

it('a request of a client has the bytes that the codecs write, with its identities', () => {
  const ids = fc.array(fc.record({ scheme: fc.string(), id: fc.string() }), { maxLength: 3 });
  const session = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  fc.assert(
    fc.property(session, fc.integer({ min: -20 }), data, ids, (sessionId, xid, body, ids) => {
      const wire = new JuteWriter();
      encodeForwardedRequest(wire, { sessionId, cxid: xid, type: OpCode.setData, body });
      const expected = encoded({
        type: QuorumPacketType.request,
        zxid: -1,
        data: wire.copy(),
        authinfo: ids as Id[],
      });
      const request = { sessionId, xid, op: OpCode.setData };
      const end = body.byteLength;
      expect(written((out) => writeRequestPacket(out, request, body, 0, end, ids))).toEqual(
        expected,
      );
    }),
  );
});
