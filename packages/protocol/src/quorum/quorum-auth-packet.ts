/**
 * SASL between servers: before the first quorum packet, or after the initial message of an election.
 *
 *     QuorumAuthPacket := long magic · int status · buffer token
 *
 * Source: zookeeper.jute (quorum.QuorumAuthPacket), QuorumAuth.
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';

/** How a server tells authentication from anything else: no other stream begins with it. */
export const QUORUM_AUTH_MAGIC: bigint = BigInt.asIntN(64, -0xa0db_cafe_cafe_1234n);

/** How far the authentication is. */
export const QuorumAuthStatus = {
  inProgress: 0,
  success: 1,
  error: -1,
} as const;

export type QuorumAuthStatus = (typeof QuorumAuthStatus)[keyof typeof QuorumAuthStatus];

export interface QuorumAuthPacket {
  /** {@link QUORUM_AUTH_MAGIC}, or it is none. */
  readonly magic: bigint;
  /** A {@link QuorumAuthStatus}. */
  readonly status: number;
  /** A view of the bytes read. */
  readonly token: Uint8Array | null;
}

/** Reads a packet. @throws MalformedError when it is cut short. */
export function decodeQuorumAuthPacket(reader: JuteReader): QuorumAuthPacket {
  const magic = reader.long();
  const status = reader.int();
  return { magic, status, token: reader.buffer() };
}

/** Appends a packet. */
export function encodeQuorumAuthPacket(writer: JuteWriter, packet: QuorumAuthPacket): void {
  writer.long(packet.magic);
  writer.int(packet.status);
  writer.buffer(packet.token);
}
