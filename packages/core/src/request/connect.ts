import type { JuteReader, JuteWriter } from '@zooid/protocol';
import type { Client } from '../client.ts';
import { sessionPassword } from '../session/session-password.ts';

/** What a client says first. Source: ConnectRequest, ProtocolManager. */
export interface Connect {
  readonly lastZxidSeen: bigint;
  readonly timeoutMs: number;
  /** 0n asks for a new session. */
  readonly sessionId: bigint;
  readonly password: Uint8Array | null;
  /** The request had the optional last byte (3.4 and later): the response must have it too. */
  readonly speaksReadOnly: boolean;
  /** What that byte said: a server without a quorum will do. */
  readonly mayBeReadOnly: boolean;
}

/** Reads a connect request. @throws MalformedError */
export function decodeConnect(reader: JuteReader): Connect {
  reader.int();
  const lastZxidSeen = reader.long();
  const timeoutMs = reader.int();
  const sessionId = reader.long();
  const password = reader.buffer();
  const speaksReadOnly = reader.remaining > 0;
  const mayBeReadOnly = speaksReadOnly && reader.boolean();
  return { lastZxidSeen, timeoutMs, sessionId, password, speaksReadOnly, mayBeReadOnly };
}

const noPassword = new Uint8Array(16);

/** Writes the connect response: the client's session, or without one that there is none any more. */
export function writeConnectResponse(
  out: JuteWriter,
  client: Client,
  sessionId: bigint | undefined,
): void {
  const mark = out.startFrame();
  out.int(0);
  out.int(sessionId === undefined ? 0 : client.sessionTimeoutMs);
  out.long(sessionId ?? 0n);
  out.buffer(sessionId === undefined ? noPassword : sessionPassword(sessionId));
  if (client.speaksReadOnly) out.boolean(client.isReadOnly);
  out.endFrame(mark);
}
