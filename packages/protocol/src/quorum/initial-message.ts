/**
 * What a server says first on the election port, so that the other knows who it is and where to call back.
 *
 *     3.4   := long serverId                                         (>= 0)
 *     3.5+  := long protocolVersion · long serverId · int n · byte[n] addresses
 *
 * Version -65536 is followed by one `host:port`, -65535 (`multiAddress.enabled`) by several joined with `|`. It stands
 * in the stream without a length. Source: QuorumCnxManager.InitialMessage, initiateConnection.
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';
import { MalformedError } from '../malformed-error.ts';
import { decodeUtf8, encodeUtf8 } from '../text.ts';

/** One address follows. */
export const INITIAL_MESSAGE_V1 = -65536n;
/** Addresses joined with `|` follow. */
export const INITIAL_MESSAGE_V2 = -65535n;
/** Server id that an observer without one gives: the other side assigns a negative one. */
export const OBSERVER_ID: bigint = 2n ** 63n - 1n;
/** The longest text of addresses. */
export const INITIAL_MESSAGE_ADDRESS_BYTES_MAX = 2048;

export interface InitialMessage {
  /** {@link INITIAL_MESSAGE_V1}, {@link INITIAL_MESSAGE_V2}, or null for the form of 3.4. */
  readonly protocolVersion: bigint | null;
  readonly serverId: bigint;
  /** Election addresses as `host:port` (an IPv6 host in brackets); none in the form of 3.4. */
  readonly addresses: readonly string[];
}

/** Reads an initial message. @throws MalformedError when it is cut short or of an unknown version. */
export function decodeInitialMessage(reader: JuteReader): InitialMessage {
  const first = reader.long();
  if (first >= 0n) return { protocolVersion: null, serverId: first, addresses: [] };
  assertKnownVersion(first);
  const serverId = reader.long();
  const length = reader.int();
  assertAddressLength(length);
  if (length > reader.remaining) throw new MalformedError('the addresses are cut short');
  const start = reader.position;
  reader.position = start + length;
  const addresses = decodeUtf8(reader.bytes, start, start + length).split('|');
  return { protocolVersion: first, serverId, addresses };
}

/** Appends an initial message. */
export function encodeInitialMessage(writer: JuteWriter, message: InitialMessage): void {
  if (message.protocolVersion !== null) writer.long(message.protocolVersion);
  writer.long(message.serverId);
  if (message.protocolVersion !== null) writer.buffer(encodeUtf8(message.addresses.join('|')));
}

/**
 * Where the initial message ends that begins at `start`, given what has arrived: `[start, end)`.
 *
 * @returns its end, or -1 while it is incomplete. @throws MalformedError as soon as it cannot be one.
 */
export function findInitialMessageEnd(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 8) return -1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getBigInt64(start);
  if (first >= 0n) return start + 8;
  assertKnownVersion(first);
  if (end - start < 20) return -1;
  const length = view.getInt32(start + 16);
  assertAddressLength(length);
  return end - start < 20 + length ? -1 : start + 20 + length;
}

function assertKnownVersion(version: bigint): void {
  if (version !== INITIAL_MESSAGE_V1 && version !== INITIAL_MESSAGE_V2) {
    throw new MalformedError(`version ${version} of the election protocol`);
  }
}

function assertAddressLength(length: number): void {
  if (length <= 0 || length > INITIAL_MESSAGE_ADDRESS_BYTES_MAX) {
    throw new MalformedError(`addresses of ${length} bytes`);
  }
}
