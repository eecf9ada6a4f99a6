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

const nameByType: ReadonlyMap<number, string> = new Map(
  Object.entries(QuorumPacketType).map(([name, type]) => [type, name]),
);

/** Name of a packet type for logs; `unknown n` for any other number. */
export function quorumPacketTypeName(type: number): string {
  return nameByType.get(type) ?? `unknown ${type}`;
}
