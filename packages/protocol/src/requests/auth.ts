/**
 * Saying who one is.
 *
 *     AuthPacket     := int type · ustring scheme · buffer auth
 *     GetSASLRequest := buffer token
 *
 * Source: zookeeper.jute (proto.AuthPacket, proto.GetSASLRequest).
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';

/** Body of auth. */
export interface AuthRequest {
  /** Always 0, and not looked at. */
  readonly type: number;
  /** `digest`, `ip`, ... */
  readonly scheme: string;
  /** For `digest` the text `user:password`. A view of the frame. */
  readonly auth: Uint8Array | null;
}

/** Body of sasl, each way: the request (GetSASLRequest) and its reply (SetSASLResponse). */
export interface SaslToken {
  /** A view of the frame. */
  readonly token: Uint8Array | null;
}

/** Reads the body of auth. @throws MalformedError when it is cut short. */
export function decodeAuthRequest(reader: JuteReader): AuthRequest {
  const type = reader.int();
  const scheme = reader.text();
  return { type, scheme, auth: reader.buffer() };
}

/** Appends the body of auth. */
export function encodeAuthRequest(writer: JuteWriter, request: AuthRequest): void {
  writer.int(request.type);
  writer.ustring(request.scheme);
  writer.buffer(request.auth);
}

/** Reads the body of sasl. @throws MalformedError when it is cut short. */
export function decodeSaslToken(reader: JuteReader): SaslToken {
  return { token: reader.buffer() };
}

/** Appends the body of sasl. */
export function encodeSaslToken(writer: JuteWriter, sasl: SaslToken): void {
  writer.buffer(sasl.token);
}
