/**
 * What a leader and its learners send each other. It stands in the stream without a length.
 *
 *     QuorumPacket := int type · long zxid · buffer data · vector<Id> authinfo
 *
 * Source: zookeeper.jute (quorum.QuorumPacket), Leader, LearnerHandler.
 */

import { decodeIds, encodeIds, type Id } from '../acl.ts';
import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';
import { MalformedError } from '../malformed-error.ts';

/** What a packet says. Source: Leader. */
export const QuorumPacketType = {
  /** Learner: a client's write, or a sync. */
  request: 1,
  /** Leader: a txn to log. */
  proposal: 2,
  /** Follower: it is on my disk. */
  ack: 3,
  /** Leader: a quorum has it. */
  commit: 4,
  /** Both: I am alive. */
  ping: 5,
  /** Learner: is this session valid? Leader: yes or no. */
  revalidate: 6,
  /** Leader: your oldest sync is done. */
  sync: 7,
  /** Leader to an observer: a txn that is committed. */
  inform: 8,
  /** Leader: commit, and the new configuration counts. */
  commitAndActivate: 9,
  /** Leader: the history up to here is that of my epoch. */
  newLeader: 10,
  /** Follower: who I am. */
  followerInfo: 11,
  /** Leader: serve clients now. */
  upToDate: 12,
  /** Leader: what you lack follows. */
  diff: 13,
  /** Leader: cut your log back to here. */
  trunc: 14,
  /** Leader: a whole tree follows. */
  snap: 15,
  /** Observer: who I am. */
  observerInfo: 16,
  /** Leader: my epoch. */
  leaderInfo: 17,
  /** Learner: I have taken your epoch. */
  ackEpoch: 18,
  /** Leader to an observer: inform, and the new configuration counts. */
  informAndActivate: 19,
} as const;

export type QuorumPacketType = (typeof QuorumPacketType)[keyof typeof QuorumPacketType];

export interface QuorumPacket {
  /** A {@link QuorumPacketType}, or whatever the peer sent. */
  readonly type: number;
  /** -1 where the type has no use for it. */
  readonly zxid: number;
  /** What the type defines. A view of the bytes read. */
  readonly data: Uint8Array | null;
  /** Of a request the identities of the client. */
  readonly authinfo: readonly Id[] | null;
}

/** Reads a packet. @throws MalformedError when it is cut short or its zxid is not exact. */
export function decodeQuorumPacket(reader: JuteReader): QuorumPacket {
  const type = reader.int();
  const zxid = reader.longAsNumber();
  const data = reader.buffer();
  const start = reader.position;
  if (reader.int() === -1) return { type, zxid, data, authinfo: null };
  reader.position = start;
  return { type, zxid, data, authinfo: decodeIds(reader) };
}

/** Appends a packet. */
export function encodeQuorumPacket(writer: JuteWriter, packet: QuorumPacket): void {
  writer.int(packet.type);
  writer.longFromNumber(packet.zxid);
  writer.buffer(packet.data);
  if (packet.authinfo === null) writer.int(-1);
  else encodeIds(writer, packet.authinfo);
}

/**
 * Where the packet that begins at `start` ends, given what has arrived of the stream: `[start, end)`.
 * Bounded work: a packet of absurd lengths is refused before its bytes arrive.
 *
 * @param lengthMax - longest data, and longest text of an identity.
 * @returns its end, or -1 while it is incomplete. @throws MalformedError on a length or count out of bounds.
 */
export function findQuorumPacketEnd(
  bytes: Uint8Array,
  start: number,
  end: number,
  lengthMax: number,
): number {
  let at = skipLengthPrefixed(bytes, start + 12, end, lengthMax);
  if (at < 0 || at + 4 > end) return -1;
  const count = readInt(bytes, at);
  at += 4;
  if (count < -1 || count > AUTHINFO_COUNT_MAX) {
    throw new MalformedError(`a quorum packet with ${count} identities`);
  }
  for (let i = 0; i < 2 * count; i++) {
    at = skipLengthPrefixed(bytes, at, end, lengthMax);
    if (at < 0) return -1;
  }
  return at;
}

/** More identities than a connection can have collected. */
const AUTHINFO_COUNT_MAX = 10_000;

/** Where the ustring or buffer at `at` ends; -1 while it is incomplete. */
function skipLengthPrefixed(bytes: Uint8Array, at: number, end: number, lengthMax: number): number {
  if (at + 4 > end) return -1;
  const length = readInt(bytes, at);
  if (length < -1 || length > lengthMax) {
    throw new MalformedError(`a length of ${length} in a quorum packet`);
  }
  const after = at + 4 + Math.max(length, 0);
  return after > end ? -1 : after;
}

function readInt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

const nameByType: ReadonlyMap<number, string> = new Map(
  Object.entries(QuorumPacketType).map(([name, type]) => [type, name]),
);

/** Name of a packet type for logs; `unknown n` for any other number. */
export function quorumPacketTypeName(type: number): string {
  return nameByType.get(type) ?? `unknown ${type}`;
}
