/**
 * How the leader brings learners to its history: by what memory holds of it, from the log on disk, or with a whole snapshot; then the
 * proposals that are not decided, NEWLEADER, and from there on whatever comes.
 *
 * Source: LearnerHandler.syncFollower, startForwarding.
 */

import { QuorumPacketType } from '@zooid/protocol';
import type { CommittedLog } from './committed-log.ts';
import type { LearnerState } from './learner-state.ts';
import type { Learners } from './learners.ts';
import type { MemberOptions } from './member-options.ts';
import type { MemberOutbox } from './member-outbox.ts';
import type { Memberships } from './memberships.ts';
import { writeBarePacket, writePacket } from './packets.ts';
import type { PeerLink } from './peer-link.ts';
import type { Replica } from './replica.ts';
import { planSync } from './sync-plan.ts';
import { firstZxidOf } from './zxid.ts';

interface SyncEpochs {
  /** The leader's. */
  readonly current: number;
  /** That of the leader's history when it was elected. */
  readonly history: number;
}

interface LearnerSyncParts {
  readonly options: MemberOptions;
  readonly memberships: Memberships;
  readonly replica: Replica;
  readonly outbox: MemberOutbox;
  readonly committedLog: CommittedLog;
  readonly learners: Learners;
}

export class LearnerSync {
  readonly #parts: LearnerSyncParts;
  readonly #learners: Learners;
  /** Undefined while nobody is brought up. */
  #epochs: SyncEpochs | undefined;
  /** To whom a snapshot is on its way: one at a time. */
  #snapshotFor: LearnerState | undefined;
  /** Whose missing transactions are read from disk: one at a time. */
  #logReadFor: LearnerState | undefined;
  #logReadTo = 0;
  #isDiffBegun = false;

  constructor(parts: LearnerSyncParts) {
    this.#parts = parts;
    this.#learners = parts.learners;
  }

  /** A quorum has taken the epoch: whoever has acknowledged it is brought up. */
  begin(epochs: SyncEpochs): void {
    this.#epochs = epochs;
    this.next();
  }

  /** The role is over: nobody is brought up any more. */
  end(): void {
    this.#epochs = undefined;
    this.#snapshotFor = undefined;
    this.#logReadFor = undefined;
  }

  onClosed(learner: LearnerState): void {
    if (this.#snapshotFor === learner) this.#snapshotFor = undefined;
    if (this.#logReadFor === learner) this.#logReadFor = undefined;
    this.next();
  }

  onSnapshotSent(link: PeerLink): void {
    if (this.#snapshotFor?.link === link) this.#snapshotFor = undefined;
    this.next();
  }

  /** A transaction that a learner lacks, from the log on disk. */
  onLogRead(link: PeerLink, zxid: number, bytes: Uint8Array, start: number, end: number): void {
    const learner = this.#logReadFor;
    if (learner?.link !== link) return;
    const out = this.#learners.out(learner);
    if (!this.#isDiffBegun) {
      writeBarePacket(out, QuorumPacketType.diff, this.#logReadTo);
      this.#isDiffBegun = true;
    }
    writePacket(out, QuorumPacketType.proposal, zxid, bytes, start, end);
    writeBarePacket(out, QuorumPacketType.commit, zxid);
    learner.packetsSent++;
  }

  /** @param outcome - `unavailable`: the log on disk cannot bring the learner up, and none of it was handed in. */
  onLogReadEnd(link: PeerLink, outcome: 'complete' | 'unavailable'): void {
    const learner = this.#logReadFor;
    if (learner?.link !== link) return;
    const { replica, committedLog, outbox, options } = this.#parts;
    const to = this.#logReadTo;
    if (outcome === 'unavailable') {
      this.#logReadFor = undefined;
      learner.needsSnapshot = true;
      // Nothing but the rest of a diff can go behind the beginning of one.
      if (this.#isDiffBegun) this.#learners.close(learner, 'log-unavailable');
      else this.#sendSnapshot(learner);
    } else if (to === replica.lastAppliedZxid || committedLog.floor(to) === to) {
      this.#logReadFor = undefined;
      this.#report(learner, 'diff', to);
      this.#sendCommitted(learner, to);
      this.#endSync(learner);
    } else {
      // More was committed meanwhile than memory holds: on from here.
      this.#logReadTo = replica.lastAppliedZxid;
      outbox.readLog(link, to, this.#logReadTo, options.logSyncBytesMax());
      return;
    }
    this.next();
  }

  /** Brings up those that wait for it. */
  next(): void {
    if (this.#epochs === undefined) return;
    for (const learner of this.#learners.all()) {
      if (learner.phase === 'acknowledged' && this.#logReadFor !== learner) {
        this.#sync(learner, this.#epochs);
      }
    }
  }

  #sync(learner: LearnerState, epochs: SyncEpochs): void {
    if (learner.link.closing !== undefined) return;
    if (learner.needsSnapshot) {
      this.#sendSnapshot(learner);
      return;
    }
    const { replica, committedLog, outbox, options } = this.#parts;
    const { lastAppliedZxid } = replica;
    if (options.isSnapshotForced) {
      this.#sendSnapshot(learner);
      return;
    }
    const bounds = [epochs.current, epochs.history];
    const plan = planSync(learner.lastZxid, committedLog, lastAppliedZxid, bounds);
    switch (plan.kind) {
      case 'diff':
        this.#report(learner, 'diff', lastAppliedZxid);
        writeBarePacket(this.#learners.out(learner), QuorumPacketType.diff, lastAppliedZxid);
        this.#sendCommitted(learner, plan.from);
        this.#endSync(learner);
        return;
      case 'trunc':
        this.#report(learner, 'trunc', plan.to);
        writeBarePacket(this.#learners.out(learner), QuorumPacketType.trunc, plan.to);
        this.#sendCommitted(learner, plan.to);
        this.#endSync(learner);
        return;
      case 'disk': {
        const bytesMax = options.logSyncBytesMax();
        if (bytesMax === 0) {
          this.#sendSnapshot(learner);
        } else if (this.#logReadFor === undefined) {
          this.#logReadFor = learner;
          this.#isDiffBegun = false;
          this.#logReadTo = lastAppliedZxid;
          outbox.readLog(learner.link, plan.from, lastAppliedZxid, bytesMax);
        }
        return;
      }
      case 'snap':
        this.#sendSnapshot(learner);
    }
  }

  #sendSnapshot(learner: LearnerState): void {
    if (this.#snapshotFor !== undefined) return;
    this.#snapshotFor = learner;
    const { replica, outbox } = this.#parts;
    const { lastAppliedZxid } = replica;
    this.#report(learner, 'snap', lastAppliedZxid);
    writeBarePacket(this.#learners.out(learner), QuorumPacketType.snap, lastAppliedZxid);
    outbox.sendSnapshot(learner.link);
    this.#endSync(learner);
  }

  /** What is committed above `zxid`, each with its commit. */
  #sendCommitted(learner: LearnerState, zxid: number): void {
    const out = this.#learners.out(learner);
    for (const txn of this.#parts.committedLog.after(zxid)) {
      writePacket(out, QuorumPacketType.proposal, txn.zxid, txn.bytes, 0, txn.length);
      writeBarePacket(out, QuorumPacketType.commit, txn.zxid);
      learner.packetsSent += 2;
    }
  }

  /** The learner has all that is applied: what is proposed since then follows, and whatever comes. */
  #endSync(learner: LearnerState): void {
    const { replica, memberships } = this.#parts;
    const { nowMs } = replica.parts.clock;
    const out = this.#learners.out(learner);
    if (learner.kind === 'follower') {
      for (const { isSync, zxid, bytes, start, end } of replica.parts.proposals.pending()) {
        if (isSync) continue;
        writePacket(out, QuorumPacketType.proposal, zxid, bytes, start, end);
        learner.packetsSent++;
        learner.acks.onSent(zxid, nowMs);
      }
    }
    const newLeaderZxid = firstZxidOf(this.#epochs!.current);
    // At UPTODATE it is in force there. What this epoch has proposed is not yet here: the learner hears of that as of any proposal.
    const { active, lastSeen } = memberships;
    const { text } = lastSeen.version > newLeaderZxid ? active : lastSeen;
    writePacket(out, QuorumPacketType.newLeader, newLeaderZxid, text, 0, text.byteLength);
    learner.pings.onAsked(nowMs);
    learner.ackedZxid = replica.lastAppliedZxid;
    learner.isForwarding = true;
    learner.phase = 'synced-up';
    learner.dueMs = nowMs + this.#parts.options.initLimitMs;
  }

  #report(learner: LearnerState, plan: 'diff' | 'trunc' | 'snap', to: number): void {
    const { lastZxid: from, serverId } = learner;
    this.#parts.outbox.reportMember({ kind: 'learner-sync', server: serverId!, plan, from, to });
  }
}
