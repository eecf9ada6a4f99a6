/**
 * The first record each way on a client's connection; without a header.
 *
 *     ConnectRequest  := int protocolVersion · long lastZxidSeen · int timeOut · long sessionId ·
 *                        buffer passwd · [boolean readOnly]
 *     ConnectResponse := int protocolVersion · int timeOut · long sessionId · buffer passwd ·
 *                        [boolean readOnly]
 *
 * Clients before 3.4 end after the password; a server then leaves the byte out of its answer too.
 * Source: zookeeper.jute (proto.ConnectRequest, proto.ConnectResponse), ProtocolManager.
 */

import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';

/** Bytes of a session password. */
export const SESSION_PASSWORD_BYTES = 16;

export interface ConnectRequest {
  /** Always 0. */
  readonly protocolVersion: number;
  /** The newest zxid that the client has seen; a server that is behind it must refuse. */
  readonly lastZxidSeen: number;
  /** Session timeout asked for, in ms. */
  readonly timeoutMs: number;
  /** 0 asks for a new session. */
  readonly sessionId: bigint;
  /** As the server gave it; anything for a new session. A view of the frame. */
  readonly password: Uint8Array | null;
  /** Whether a read-only server will do; undefined when the client does not know the field. */
  readonly readOnly: boolean | undefined;
}

export interface ConnectResponse {
  /** Always 0. */
  readonly protocolVersion: number;
  /** Session timeout granted, in ms; 0 when the session is gone or the password wrong. */
  readonly timeoutMs: number;
  /** 0 when the session is gone or the password wrong. */
  readonly sessionId: bigint;
  /** To be shown on reconnect. A view of the frame. */
  readonly password: Uint8Array | null;
  /** Whether this server is read-only; undefined leaves the byte out, as the client's request did. */
  readonly readOnly: boolean | undefined;
}

/** Reads a connect request. @throws MalformedError when it is cut short before the password's end. */
export function decodeConnectRequest(reader: JuteReader): ConnectRequest {
  const protocolVersion = reader.int();
  const lastZxidSeen = reader.longAsNumber();
  const timeoutMs = reader.int();
  const sessionId = reader.long();
  const password = reader.buffer();
  const readOnly = reader.remaining > 0 ? reader.boolean() : undefined;
  return { protocolVersion, lastZxidSeen, timeoutMs, sessionId, password, readOnly };
}

/** Appends a connect request. */
export function encodeConnectRequest(writer: JuteWriter, request: ConnectRequest): void {
  writer.int(request.protocolVersion);
  writer.longFromNumber(request.lastZxidSeen);
  writer.int(request.timeoutMs);
  writer.long(request.sessionId);
  writer.buffer(request.password);
  if (request.readOnly !== undefined) writer.boolean(request.readOnly);
}

/** Reads a connect response. @throws MalformedError when it is cut short before the password's end. */
export function decodeConnectResponse(reader: JuteReader): ConnectResponse {
  const protocolVersion = reader.int();
  const timeoutMs = reader.int();
  const sessionId = reader.long();
  const password = reader.buffer();
  const readOnly = reader.remaining > 0 ? reader.boolean() : undefined;
  return { protocolVersion, timeoutMs, sessionId, password, readOnly };
}

/** Appends a connect response. */
export function encodeConnectResponse(writer: JuteWriter, response: ConnectResponse): void {
  writer.int(response.protocolVersion);
  writer.int(response.timeoutMs);
  writer.long(response.sessionId);
  writer.buffer(response.password);
  if (response.readOnly !== undefined) writer.boolean(response.readOnly);
}
