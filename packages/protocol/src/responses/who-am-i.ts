/**
 * What whoAmI answers.
 *
 *     ClientInfo     := ustring authScheme · ustring user
 *     WhoAmIResponse := vector<ClientInfo> clientInfo
 *
 * Source: zookeeper.jute (data.ClientInfo, proto.WhoAmIResponse).
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';

/** One identity of a connection. */
export interface ClientInfo {
  readonly authScheme: string;
  /** User name, address or whatever the scheme calls it; never a secret. */
  readonly user: string;
}

export interface WhoAmIResponse {
  readonly clientInfo: readonly ClientInfo[];
}

/** The least bytes a ClientInfo can take. */
const CLIENT_INFO_BYTES_MIN = 8;

/** Reads one identity. @throws MalformedError when it is cut short. */
export function decodeClientInfo(reader: JuteReader): ClientInfo {
  const authScheme = reader.text();
  return { authScheme, user: reader.text() };
}

/** Appends one identity. */
export function encodeClientInfo(writer: JuteWriter, info: ClientInfo): void {
  writer.ustring(info.authScheme);
  writer.ustring(info.user);
}

/** Reads the reply to whoAmI. @throws MalformedError when it is cut short. */
export function decodeWhoAmIResponse(reader: JuteReader): WhoAmIResponse {
  const count = reader.vectorCount(CLIENT_INFO_BYTES_MIN);
  const clientInfo: ClientInfo[] = [];
  for (let i = 0; i < count; i++) clientInfo.push(decodeClientInfo(reader));
  return { clientInfo };
}

/** Appends the reply to whoAmI. */
export function encodeWhoAmIResponse(writer: JuteWriter, response: WhoAmIResponse): void {
  writer.int(response.clientInfo.length);
  for (const info of response.clientInfo) encodeClientInfo(writer, info);
}
