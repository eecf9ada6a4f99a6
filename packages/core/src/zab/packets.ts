/**
 * Writes packets of the quorum port without an object for each: a leader sends two for every transaction and learner.
 *
 *     QuorumPacket := int type · long zxid · buffer data · vector<Id> authinfo     a null buffer or vector is -1
 */

import { type Id, type JuteReader, type JuteWriter, QuorumPacketType } from '@zooid/protocol';
import { putInt } from '../tree/znode-store.ts';

const TWO_32 = 0x1_0000_0000;
const BARE_BYTES = 20;

/** A packet that is only its type and zxid. */
export function writeBarePacket(out: JuteWriter, type: QuorumPacketType, zxid: number): void {
  out.ensure(BARE_BYTES);
  const { bytes, length: at } = out;
  putInt(bytes, at, type);
  putInt(bytes, at + 4, Math.floor(zxid / TWO_32));
  putInt(bytes, at + 8, zxid | 0);
  putInt(bytes, at + 12, -1);
  putInt(bytes, at + 16, -1);
  out.length = at + BARE_BYTES;
}

/** A packet whose data is `[start, end)` of `bytes`. */
export function writePacket(
  out: JuteWriter,
  type: QuorumPacketType,
  zxid: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  out.int(type);
  out.longFromNumber(zxid);
  out.bufferOf(bytes, start, end);
  out.int(-1);
}

/**
 * A packet whose data `write` appends.
 *
 */
export function writePacketOf(
  out: JuteWriter,
  type: QuorumPacketType,
  zxid: number,
  write: (out: JuteWriter) => void,
): void {
  out.int(type);
  out.longFromNumber(zxid);
  const mark = out.startFrame();
  write(out);
  out.endFrame(mark);
  out.int(-1);
}

/** A client's request for the leader: `body` is `[start, end)` of `bytes`, a request without its header. */
export function writeRequestPacket(
  out: JuteWriter,
  request: { readonly sessionId: bigint; readonly xid: number; readonly op: number },
  bytes: Uint8Array,
  start: number,
  end: number,
  ids: readonly Id[],
): void {
  out.int(QuorumPacketType.request);
  out.longFromNumber(-1);
  out.int(16 + end - start);
  out.long(request.sessionId);
  out.int(request.xid);
  out.int(request.op);
  out.raw(bytes, start, end);
  out.int(ids.length);
  for (const { scheme, id } of ids) {
    out.ustring(scheme);
    out.ustring(id);
  }
}

/**
 * The data of a packet whose type and zxid were read, empty when it is null; `packet` stands behind it then.
 *
 * @returns `body`. @throws MalformedError when there is none.
 */
export function dataOf(packet: JuteReader, body: JuteReader): JuteReader {
  const length = packet.span();
  const start = length >= 0 ? packet.spanStart : packet.position;
  body.reset(packet.bytes, start, start + Math.max(length, 0));
  return body;
}
