/**
 * What the `data` of quorum packets holds, by type.
 *
 *     FOLLOWERINFO, OBSERVERINFO := long serverid · [int protocolVersion · [long configVersion]]   (LearnerInfo)
 *     LEADERINFO                 := int protocolVersion
 *     ACKEPOCH                   := int currentEpoch, or -1: I had taken this epoch before
 *     PING of a learner          := (long sessionId · int timeout)*
 *     REVALIDATE                 := long sessionId · int timeout
 *     REVALIDATE, the answer     := long sessionId · boolean valid
 *     REQUEST                    := long sessionId · int cxid · int type · byte* body
 *     COMMITANDACTIVATE          := long designatedLeader
 *     INFORMANDACTIVATE          := long designatedLeader · byte* txnRecord
 *     PROPOSAL, INFORM           := TxnRecord (txn.ts)
 *     NEWLEADER                  := text of the configuration
 *
 * Each is decoded to the reader's end. Source: zookeeper.jute (quorum.LearnerInfo), Learner, LearnerHandler, Leader.
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';
import { MalformedError } from '../malformed-error.ts';

/** Version of the quorum protocol since 3.4: epochs are agreed on before the synchronisation. */
export const QUORUM_PROTOCOL_VERSION = 0x10000;

/** Epoch in an ACKEPOCH of a learner that had taken this epoch before: do not count me again. */
export const EPOCH_TAKEN_BEFORE = -1;

/** What follows the tree in the stream of a SNAP, as a ustring. */
export const SNAP_SIGNATURE = 'BenWasHere';

/** Who a learner is. */
export interface LearnerInfo {
  readonly serverId: bigint;
  /** {@link QUORUM_PROTOCOL_VERSION}; 1 when it is left out. */
  readonly protocolVersion: number;
  /** Version of the configuration that it knows; undefined before 3.5. */
  readonly configVersion: bigint | undefined;
}

/** Protocol version of a learner that does not say. Source: LearnerHandler.version. */
const PROTOCOL_VERSION_UNSAID = 1;

/** Reads a LearnerInfo of any age. @throws MalformedError when it is cut short. */
export function decodeLearnerInfo(reader: JuteReader): LearnerInfo {
  const serverId = reader.long();
  const protocolVersion = reader.remaining > 0 ? reader.int() : PROTOCOL_VERSION_UNSAID;
  const configVersion = reader.remaining > 0 ? reader.long() : undefined;
  return { serverId, protocolVersion, configVersion };
}

/** Appends a LearnerInfo. */
export function encodeLearnerInfo(writer: JuteWriter, info: LearnerInfo): void {
  writer.long(info.serverId);
  writer.int(info.protocolVersion);
  if (info.configVersion !== undefined) writer.long(info.configVersion);
}

export interface LeaderInfo {
  /** {@link QUORUM_PROTOCOL_VERSION}. */
  readonly protocolVersion: number;
}

/** Reads the data of a LEADERINFO. @throws MalformedError when it is cut short. */
export function decodeLeaderInfo(reader: JuteReader): LeaderInfo {
  return { protocolVersion: reader.int() };
}

/** Appends the data of a LEADERINFO. */
export function encodeLeaderInfo(writer: JuteWriter, info: LeaderInfo): void {
  writer.int(info.protocolVersion);
}

export interface AckEpoch {
  /** Epoch of the learner's history, or {@link EPOCH_TAKEN_BEFORE}. */
  readonly currentEpoch: number;
}

/** Reads the data of an ACKEPOCH. @throws MalformedError when it is cut short. */
export function decodeAckEpoch(reader: JuteReader): AckEpoch {
  return { currentEpoch: reader.int() };
}

/** Appends the data of an ACKEPOCH. */
export function encodeAckEpoch(writer: JuteWriter, ack: AckEpoch): void {
  writer.int(ack.currentEpoch);
}

/** A session and its timeout: of a ping, or to be revalidated. */
export interface SessionTimeout {
  readonly sessionId: bigint;
  readonly timeoutMs: number;
}

const SESSION_TIMEOUT_BYTES = 12;

/** Reads the data of a learner's PING: the sessions that were alive since the last one. @throws MalformedError when it is cut short. */
export function decodePingSessions(reader: JuteReader): SessionTimeout[] {
  if (reader.remaining % SESSION_TIMEOUT_BYTES !== 0) {
    throw new MalformedError(`a ping of ${reader.remaining} bytes`);
  }
  const sessions: SessionTimeout[] = [];
  while (reader.remaining > 0) sessions.push(decodeRevalidateRequest(reader));
  return sessions;
}

/** Appends the data of a learner's PING. */
export function encodePingSessions(writer: JuteWriter, sessions: readonly SessionTimeout[]): void {
  for (const session of sessions) encodeRevalidateRequest(writer, session);
}

/** Reads the data of a learner's REVALIDATE. @throws MalformedError when it is cut short. */
export function decodeRevalidateRequest(reader: JuteReader): SessionTimeout {
  const sessionId = reader.long();
  return { sessionId, timeoutMs: reader.int() };
}

/** Appends the data of a learner's REVALIDATE. */
export function encodeRevalidateRequest(writer: JuteWriter, session: SessionTimeout): void {
  writer.long(session.sessionId);
  writer.int(session.timeoutMs);
}

export interface RevalidateAnswer {
  readonly sessionId: bigint;
  /** Whether the session lives. */
  readonly valid: boolean;
}

/** Reads the data of the leader's REVALIDATE. @throws MalformedError when it is cut short. */
export function decodeRevalidateAnswer(reader: JuteReader): RevalidateAnswer {
  const sessionId = reader.long();
  return { sessionId, valid: reader.boolean() };
}

/** Appends the data of the leader's REVALIDATE. */
export function encodeRevalidateAnswer(writer: JuteWriter, answer: RevalidateAnswer): void {
  writer.long(answer.sessionId);
  writer.boolean(answer.valid);
}

/** A client's request that a learner hands on. */
export interface ForwardedRequest {
  readonly sessionId: bigint;
  readonly cxid: number;
  /** An `OpCode`. */
  readonly type: number;
  /** Body of the request as the client sent it, without its header. A view of the bytes read. */
  readonly body: Uint8Array;
}

/** Reads the data of a REQUEST. @throws MalformedError when it is cut short. */
export function decodeForwardedRequest(reader: JuteReader): ForwardedRequest {
  const sessionId = reader.long();
  const cxid = reader.int();
  const type = reader.int();
  return { sessionId, cxid, type, body: restOf(reader) };
}

/** Appends the data of a REQUEST. */
export function encodeForwardedRequest(writer: JuteWriter, request: ForwardedRequest): void {
  writer.long(request.sessionId);
  writer.int(request.cxid);
  writer.int(request.type);
  writer.raw(request.body, 0, request.body.byteLength);
}

export interface CommitAndActivate {
  /** Who leads under the new configuration. */
  readonly designatedLeader: bigint;
}

/** Reads the data of a COMMITANDACTIVATE. @throws MalformedError when it is cut short. */
export function decodeCommitAndActivate(reader: JuteReader): CommitAndActivate {
  return { designatedLeader: reader.long() };
}

/** Appends the data of a COMMITANDACTIVATE. */
export function encodeCommitAndActivate(writer: JuteWriter, commit: CommitAndActivate): void {
  writer.long(commit.designatedLeader);
}

export interface InformAndActivate extends CommitAndActivate {
  /** A TxnRecord, as in an INFORM. A view of the bytes read. */
  readonly txnRecord: Uint8Array;
}

/** Reads the data of an INFORMANDACTIVATE. @throws MalformedError when it is cut short. */
export function decodeInformAndActivate(reader: JuteReader): InformAndActivate {
  const designatedLeader = reader.long();
  return { designatedLeader, txnRecord: restOf(reader) };
}

/** Appends the data of an INFORMANDACTIVATE. */
export function encodeInformAndActivate(writer: JuteWriter, inform: InformAndActivate): void {
  writer.long(inform.designatedLeader);
  writer.raw(inform.txnRecord, 0, inform.txnRecord.byteLength);
}

function restOf(reader: JuteReader): Uint8Array {
  const rest = reader.bytes.subarray(reader.position, reader.end);
  reader.position = reader.end;
  return rest;
}
