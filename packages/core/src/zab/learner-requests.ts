/**
 * What learners ask the leader for on behalf of their clients: sessions watched over, sessions that go on, writes and syncs.
 *
 * Source: LearnerHandler.run, LeaderZooKeeperServer, LeaderSessionTracker.
 */

import {
  decodeIds,
  ErrorCode,
  type Id,
  JuteReader,
  OpCode,
  QuorumPacketType,
} from '@zooid/protocol';
import type { Client } from '../client.ts';
import type { Session } from '../session/session.ts';
import { serverIdOf } from '../session/session-id.ts';
import { createsEphemeral } from '../txn/request-body.ts';
import { leaseMsOf, sessionGraceOf } from './answer-lease.ts';
import { LearnerState } from './learner-state.ts';
import type { Learners } from './learners.ts';
import type { MemberOptions } from './member-options.ts';
import { dataOf, writeBarePacket, writePacketOf } from './packets.ts';
import type { Replica } from './replica.ts';
import type { ZabMeter } from './zab-meter.ts';

export class LearnerRequests {
  readonly #options: MemberOptions;
  readonly #replica: Replica;
  readonly #learners: Learners;
  readonly #meter: ZabMeter;
  readonly #mayAnswer: () => boolean;
  readonly #body = new JuteReader();

  constructor(parts: {
    readonly options: MemberOptions;
    readonly replica: Replica;
    readonly learners: Learners;
    readonly meter: ZabMeter;
    /** A quorum follows this leader: what it knows nothing of is not. */
    readonly mayAnswer: () => boolean;
  }) {
    this.#options = parts.options;
    this.#replica = parts.replica;
    this.#learners = parts.learners;
    this.#meter = parts.meter;
    this.#mayAnswer = parts.mayAnswer;
  }

  /** The learner tells which sessions were alive since its last ping. */
  onTouched(packet: JuteReader): void {
    const { sessions, clock } = this.#replica.parts;
    const body = dataOf(packet, this.#body);
    while (body.remaining > 0) {
      const session = sessions.get(body.long());
      const timeoutMs = body.int();
      if (session === undefined) continue;
      if (session.timeoutMs === timeoutMs) sessions.touch(session, clock.nowMs);
      else sessions.setTimeout(session, timeoutMs, clock.nowMs);
    }
  }

  /**
   * Whether a session that was due at `dueMs` must not end yet. A learner may have answered its client since its last report, until it
   * reports again, or can hold no lease any more. Learners of Apache's hold none: those may answer for longer, and it is not waited for.
   */
  mustOutlast({ owner, timeoutMs }: Session, dueMs: number): boolean {
    if (!(owner instanceof LearnerState)) return false;
    const { tickTimeMs } = this.#options;
    const { provenMs, answeredMs } = owner.pings;
    if (provenMs >= dueMs - sessionGraceOf(tickTimeMs).elsewhereMs) return false;
    return this.#replica.parts.clock.nowMs < answeredMs + leaseMsOf(tickTimeMs) + timeoutMs;
  }

  /** A client of the learner wants to go on with a session. */
  onRevalidate(learner: LearnerState, packet: JuteReader): void {
    const { sessions, clock, replies } = this.#replica.parts;
    this.#meter.onRevalidated();
    const body = dataOf(packet, this.#body);
    const sessionId = body.long();
    const timeoutMs = body.int();
    const session = sessions.get(sessionId);
    const isValid = session !== undefined && !session.isClosing;
    if (isValid) {
      session.owner = learner;
      sessions.setTimeout(session, timeoutMs, clock.nowMs);
      const holder = session.client as Client | undefined;
      if (holder !== undefined) {
        replies.hangUp(holder, 'session-moved');
        session.client = undefined;
      }
    }
    // Another leader may know it. The client goes on to another server when no answer comes.
    if (!isValid && !this.#mayAnswer()) return;
    writePacketOf(this.#learners.out(learner), QuorumPacketType.revalidate, -1, (out) => {
      out.long(sessionId);
      out.boolean(isValid);
    });
  }

  /** A client's request that the learner hands on. */
  onRequest(learner: LearnerState, packet: JuteReader): void {
    const { sessions, proposer, committer, clock } = this.#replica.parts;
    learner.requestCount++;
    const body = dataOf(packet, this.#body);
    const idsStart = packet.position;
    const sessionId = body.long();
    const xid = body.int();
    const op = body.int();
    switch (op) {
      case OpCode.sync:
        committer.syncLearner({
          onSynced: () => {
            if (learner.isForwarding) {
              writeBarePacket(this.#learners.out(learner), QuorumPacketType.sync, 0);
            }
          },
        });
        return;
      case OpCode.createSession: {
        const session = sessions.track(sessionId, body.int(), clock.nowMs, learner);
        proposer.proposeCreateSession(session, undefined);
        return;
      }
      case OpCode.closeSession: {
        const session = sessions.get(sessionId);
        if (session !== undefined) session.isClosing = true;
        proposer.proposeCloseOf(sessionId, undefined, xid);
        return;
      }
      default: {
        const session = sessions.get(sessionId);
        const refusal =
          session === undefined
            ? this.#refusalOfUnknown(sessionId, op, body)
            : refusalOf(session, learner);
        const ids = this.#idsOf(session, packet, idsStart);
        proposer.proposeForwarded(op, body, sessionId, xid, ids, refusal);
      }
    }
  }

  /**
   * What nobody here knows may be a session of the learner alone: it may write what needs no owner. One of this server is over.
   * Source: LeaderSessionTracker.checkSession, checkGlobalSession.
   */
  #refusalOfUnknown(sessionId: bigint, op: number, body: JuteReader): ErrorCode {
    const { localSessions, serverId } = this.#options;
    const mayBeLocal =
      localSessions !== 'off' && serverIdOf(sessionId) !== serverId && !createsEphemeral(op, body);
    return mayBeLocal ? ErrorCode.ok : ErrorCode.sessionExpired;
  }

  /** Who the client is. Requests of a session come with the same ids mostly, and those are read once. */
  #idsOf(session: Session | undefined, packet: JuteReader, start: number): readonly Id[] {
    const { bytes, end } = packet;
    const known = session?.forwardedIds;
    if (known !== undefined && isSameBytes(known.bytes, bytes, start, end)) return known.ids;
    packet.position = start;
    const isNull = packet.int() === -1;
    packet.position = start;
    const ids = isNull ? [] : decodeIds(packet);
    if (session !== undefined) session.forwardedIds = { bytes: bytes.slice(start, end), ids };
    return ids;
  }
}

/** Source: SessionTrackerImpl.checkSession. */
function refusalOf(session: Session, learner: LearnerState): ErrorCode {
  if (session.isClosing) return ErrorCode.sessionExpired;
  session.owner ??= learner;
  return session.owner === learner ? ErrorCode.ok : ErrorCode.sessionMoved;
}

function isSameBytes(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.byteLength !== end - start) return false;
  for (let i = 0; i < known.byteLength; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}
