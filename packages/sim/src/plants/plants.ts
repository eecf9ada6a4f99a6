/**
 * Mistakes that the simulator must find, each a process that does one thing wrongly from outside of the core: production code has no switch for
 * any of them. Those with an id are defects that servers of this field had.
 */

import type { Client, MemberFact, NewState } from '@zooid/core';
import {
  decodeReplyHeader,
  encodeReplyHeader,
  JuteReader,
  JuteWriter,
  type Membership,
  OpCode,
  QuorumPacketType,
  ReservedXid,
  STAT_BYTES,
  splitFrames,
} from '@zooid/protocol';
import type { Makers } from '../clients/makers.ts';
import { serverFaultNames } from '../fault-names.ts';
import type { Machine } from '../machine.ts';
import type { WorldOptions } from '../options.ts';
import { ServerProcess } from '../server-process.ts';
import type { SimulatedLink } from '../simulated-link.ts';
import { lineOf, membershipOf } from '../world.ts';
import { type LockPlantName, lockPlants } from './lock-plants.ts';
import { type RecipePlantName, recipePlants } from './recipe-plants.ts';

export interface Plant {
  /** What goes wrong, in a sentence. */
  readonly mistake: string;
  readonly makeProcess?: (machine: Machine) => ServerProcess;
  /** In place of the production recipes. */
  readonly makers?: Partial<Makers>;
  /** What a world must be like for the mistake to matter at all. */
  readonly overrides?: Partial<WorldOptions>;
}

/** Type and zxid of a quorum packet. */
function headOf(bytes: Uint8Array, start: number, end: number) {
  const reader = new JuteReader();
  reader.reset(bytes, start, end);
  return { type: reader.int(), zxid: reader.longAsNumber() };
}

class AckBeforeSync extends ServerProcess {
  protected override syncLog(): void {
    super.syncLog();
    const { lastZxid } = this.machine.disk;
    this.enterAfter(0, () => this.onLogDurable(lastZxid));
  }
}

class IgnoredDiskError extends ServerProcess {
  protected override onDiskDone(): void {
    const { disk } = this.machine;
    if (!disk.isFailing) super.onDiskDone();
    else this.onLogDurable(disk.lastZxid);
  }
}

/** ZOOKEEPER-4643 */
class EpochBeforeHistory extends ServerProcess {
  override onPacket(link: SimulatedLink, bytes: Uint8Array, start: number, end: number): void {
    const { type } = headOf(bytes, start, end);
    const { disk } = this.machine;
    const isPlan =
      type === QuorumPacketType.diff ||
      type === QuorumPacketType.trunc ||
      type === QuorumPacketType.snap;
    if (isPlan) disk.currentEpoch = disk.acceptedEpoch;
    super.onPacket(link, bytes, start, end);
  }

  protected override saveCurrentEpoch(epoch: number): void {
    if (epoch !== this.machine.disk.currentEpoch) super.saveCurrentEpoch(epoch);
  }
}

/** ZOOKEEPER-4646 */
class NewLeaderAckBeforeSync extends ServerProcess {
  override onPacket(link: SimulatedLink, bytes: Uint8Array, start: number, end: number): void {
    super.onPacket(link, bytes, start, end);
    const { type } = headOf(bytes, start, end);
    if (type === QuorumPacketType.newLeader) this.core.onLogSynced(this.machine.disk.lastZxid);
  }
}

/** ZOOKEEPER-3023 */
class CommitBeforeLog extends ServerProcess {
  override onPacket(link: SimulatedLink, bytes: Uint8Array, start: number, end: number): void {
    super.onPacket(link, bytes, start, end);
    const { type, zxid } = headOf(bytes, start, end);
    if (type === QuorumPacketType.commit) this.core.onLogSynced(zxid);
  }
}

/** ZOOKEEPER-2846, 3911 */
class DiffFromUncommittedLog extends ServerProcess {
  protected override readLog(link: SimulatedLink, after: number, last: number, max: number): void {
    const { disk } = this.machine;
    super.readLog(link, after, Math.max(last, disk.lastZxid), max);
  }
}

/** ZOOKEEPER-2832 */
class TruncTooLittle extends ServerProcess {
  protected override truncateLog(zxid: number): void {
    const next = this.machine.disk.records.find((record) => record.zxid > zxid);
    super.truncateLog(next?.zxid ?? zxid);
  }
}

/** ZOOKEEPER-4837 */
class SnapshotAboveTruncation extends ServerProcess {
  protected override truncateLog(zxid: number): void {
    const { disk } = this.machine;
    const newest = disk.snapshots.at(-1);
    if (newest === undefined || newest.zxid <= zxid) super.truncateLog(zxid);
    else super.truncateLog(newest.zxid);
  }
}

/** ZOOKEEPER-3642 */
class SnapBeforeInstalled extends ServerProcess {
  protected override installState(state: NewState): void {
    this.enterAfter(0, () =>
      this.inTurn((member) => {
        this.core.replaceState(state);
        member.onStateInstalled();
      }),
    );
    super.installState(state);
  }
}

class ForgottenAcceptedEpoch extends ServerProcess {
  protected override saveAcceptedEpoch(epoch: number): void {
    const { disk } = this.machine;
    const before = disk.acceptedEpoch;
    super.saveAcceptedEpoch(epoch);
    // It is in memory, and comes to the disk with the epoch of the history only.
    disk.acceptedEpoch = before;
  }

  protected override saveCurrentEpoch(epoch: number): void {
    this.machine.disk.acceptedEpoch = epoch;
    super.saveCurrentEpoch(epoch);
  }
}

/** ZOOKEEPER-2845 */
class VoteBeforeSettled extends ServerProcess {
  protected override onMemberFact(fact: MemberFact): void {
    super.onMemberFact(fact);
    if (fact.kind === 'role-ended') this.core.onLogSynced(this.machine.disk.lastZxid);
  }
}

/** Servers without a say acknowledge, and count. */
class ObserversCounted extends ServerProcess {
  protected override membership(): Membership {
    return membershipOf(this.world.machines.map(({ id }) => lineOf(id, 'participant')));
  }
}

class WatchAfterReply extends ServerProcess {
  protected override sendToClient(client: Client, bytes: Uint8Array): void {
    const frames = splitFrames(bytes);
    const isEvent = (frame: Uint8Array) =>
      client.phase === 'open' &&
      frame.byteLength >= 16 &&
      decodeReplyHeader(new JuteReader(frame)).xid === ReservedXid.notification;
    const out = new JuteWriter(bytes.byteLength);
    for (const frame of [...frames.filter((f) => !isEvent(f)), ...frames.filter(isEvent)]) {
      out.buffer(frame);
    }
    super.sendToClient(client, out.copy());
  }
}

/** What was not decided when the leader's role ended is answered as if it had been. */
class AnsweredAtRoleEnd extends ServerProcess {
  /** By client, oldest first: what it has asked and was not answered. */
  readonly #pending = new Map<Client, { readonly xid: number; readonly op: number }[]>();

  override onFrame(client: Client, bytes: Uint8Array, start: number, end: number): void {
    if (client.phase === 'open') {
      const reader = new JuteReader();
      reader.reset(bytes, start, end);
      const xid = reader.int();
      const pending = this.#pending.get(client) ?? [];
      this.#pending.set(client, pending);
      if (xid > 0) pending.push({ xid, op: reader.int() });
    }
    super.onFrame(client, bytes, start, end);
  }

  protected override sendToClient(client: Client, bytes: Uint8Array): void {
    for (const frame of splitFrames(bytes)) {
      const pending = this.#pending.get(client) ?? [];
      if (new JuteReader(frame).int() === pending[0]?.xid) pending.shift();
    }
    super.sendToClient(client, bytes);
  }

  protected override onMemberFact(fact: MemberFact): void {
    super.onMemberFact(fact);
    if (fact.kind !== 'role-ended' || fact.role !== 'leading') return;
    for (const [client, [first]] of this.#pending) {
      if (client.phase !== 'open' || first === undefined) continue;
      if (first.op !== OpCode.delete && first.op !== OpCode.setData) continue;
      const out = new JuteWriter(128);
      const mark = out.startFrame();
      encodeReplyHeader(out, { xid: first.xid, zxid: this.machine.disk.lastZxid, err: 0 });
      if (first.op === OpCode.setData) out.raw(new Uint8Array(STAT_BYTES), 0, STAT_BYTES);
      out.endFrame(mark);
      super.sendToClient(client, out.copy());
    }
  }
}

/** A client that was further on elsewhere is taken in. */
class BackInTime extends ServerProcess {
  override onFrame(client: Client, bytes: Uint8Array, start: number, end: number): void {
    const frame = bytes.slice(start, end);
    if (client.phase === 'new') frame.fill(0, 4, 12);
    super.onFrame(client, frame, 0, frame.byteLength);
  }
}

/** A learner ends a session as soon as its client is gone, without asking how long the leader would wait. */
class SessionEndedByLearner extends ServerProcess {
  protected override onClientGone(client: Client): void {
    const { session } = client;
    super.onClientGone(client);
    const link = this.leaderLink;
    if (session === undefined || link === undefined || this.core.member?.isServing !== true) return;
    const out = new JuteWriter(64);
    out.int(QuorumPacketType.request);
    out.longFromNumber(-1);
    const mark = out.startFrame();
    out.long(session.id);
    out.int(0);
    out.int(OpCode.closeSession);
    out.endFrame(mark);
    out.int(-1);
    this.sendToPeer(link, out.copy());
  }
}

/** Clients are answered as long as the role lasts, whoever is heard of, as Apache's servers do. */
class AnsweredWithoutLease extends ServerProcess {
  constructor(machine: Machine) {
    super(machine);
    Object.defineProperty(this.core, 'mayAnswer', { value: true });
  }
}

/** Who is leaving decides alone. */
class ReconfigByOldQuorum extends ServerProcess {
  protected override onMemberFact(fact: MemberFact): void {
    super.onMemberFact(fact);
    if (fact.kind !== 'elected') return;
    const { memberships } = this.member;
    Object.defineProperty(memberships, 'quorums', {
      get: () => [memberships.active.quorum],
      configurable: true,
    });
  }
}

class ReconfigBeforeCommit extends ServerProcess {
  override onPacket(link: SimulatedLink, bytes: Uint8Array, start: number, end: number): void {
    super.onPacket(link, bytes, start, end);
    const { type } = headOf(bytes, start, end);
    const { memberships, leader } = this.member;
    if (type !== QuorumPacketType.proposal) return;
    memberships.activate(memberships.lastSeen.membership, leader, leader);
  }
}

/** What is proposed is known as long as the process lives. */
class ForgottenProposedConfig extends ServerProcess {
  protected override saveSeenMembership(membership: Membership): void {
    const { disk } = this.machine;
    const before = disk.seenMembership;
    super.saveSeenMembership(membership);
    disk.seenMembership = before;
  }
}

export type PlantName =
  | 'ack-before-sync'
  | 'ignored-disk-error'
  | 'epoch-before-history'
  | 'newleader-before-sync'
  | 'commit-before-log'
  | 'diff-from-uncommitted-log'
  | 'trunc-too-little'
  | 'snapshot-above-truncation'
  | 'snap-before-installed'
  | 'forgotten-accepted-epoch'
  | 'vote-before-settled'
  | 'observers-counted'
  | 'watch-after-reply'
  | 'answered-at-role-end'
  | 'back-in-time'
  | 'session-ended-by-learner'
  | 'answered-without-lease'
  | 'reconfig-by-old-quorum'
  | 'reconfig-before-commit'
  | 'forgotten-proposed-config'
  | LockPlantName
  | RecipePlantName;

/** Servers come and go all the time. */
const reconfiguring = {
  voterCount: 3,
  spareCount: 2,
  clientCount: 6,
  faults: ['reconfig', 'crash-leader', 'cut', 'slow-disk', 'isolate'],
  faultMeanMs: 1000,
} as const;

export const plants: Readonly<Record<PlantName, Plant>> = {
  'ack-before-sync': {
    mistake: 'what is not durable is acknowledged',
    makeProcess: (machine) => new AckBeforeSync(machine),
  },
  'ignored-disk-error': {
    mistake: 'a write of the log that failed counts as done',
    makeProcess: (machine) => new IgnoredDiskError(machine),
    overrides: { voterCount: 3, faults: ['disk-error', 'slow-disk'], faultMeanMs: 500 },
  },
  'epoch-before-history': {
    mistake: 'currentEpoch is durable before the history of that epoch is',
    makeProcess: (machine) => new EpochBeforeHistory(machine),
  },
  'newleader-before-sync': {
    mistake: 'NEWLEADER is acknowledged before the history is durable',
    makeProcess: (machine) => new NewLeaderAckBeforeSync(machine),
    overrides: {
      voterCount: 3,
      diskMsMin: 5,
      diskMsMax: 50,
      faults: ['crash-leader', 'burst'],
      faultMeanMs: 2000,
    },
  },
  'commit-before-log': {
    mistake: 'a follower applies what is committed before it is durable there',
    makeProcess: (machine) => new CommitBeforeLog(machine),
    overrides: {
      voterCount: 3,
      diskMsMin: 5,
      diskMsMax: 50,
      faults: ['burst', 'slow-disk'],
      faultMeanMs: 2000,
    },
  },
  'diff-from-uncommitted-log': {
    mistake: 'a learner gets what is in the log and not committed as if it were',
    makeProcess: (machine) => new DiffFromUncommittedLog(machine),
    overrides: {
      commitLogCount: 1,
      logSyncBytesMax: 1_000_000,
      snapshotEvery: 1000,
      voterCount: 3,
      clientCount: 6,
      diskMsMin: 5,
      diskMsMax: 50,
      faults: ['crash', 'burst'],
      faultMeanMs: 1000,
    },
  },
  'trunc-too-little': {
    mistake: 'a learner keeps one transaction more than its leader says',
    makeProcess: (machine) => new TruncTooLittle(machine),
    overrides: {
      voterCount: 3,
      clientCount: 6,
      faults: ['isolate-leader', 'crash-leader'],
      faultMeanMs: 5000,
    },
  },
  'snapshot-above-truncation': {
    mistake: 'a log is cut back, and a snapshot of what was cut off is loaded',
    makeProcess: (machine) => new SnapshotAboveTruncation(machine),
    overrides: {
      voterCount: 3,
      clientCount: 6,
      snapshotEvery: 1,
      snapshotsKept: 3,
      faults: ['isolate-leader', 'crash-leader', 'crash'],
      faultMeanMs: 3000,
    },
  },
  'snap-before-installed': {
    mistake: 'a state that came by SNAP counts before it is on disk',
    makeProcess: (machine) => new SnapBeforeInstalled(machine),
    overrides: { commitLogCount: 1, logSyncBytesMax: 0 },
  },
  'forgotten-accepted-epoch': {
    mistake: 'a promise to follow no older leader is not durable',
    makeProcess: (machine) => new ForgottenAcceptedEpoch(machine),
  },
  'vote-before-settled': {
    mistake: 'a server votes with, and applies, what is not durable',
    makeProcess: (machine) => new VoteBeforeSettled(machine),
    overrides: {
      voterCount: 3,
      clientCount: 6,
      diskMsMin: 5,
      diskMsMax: 100,
      faults: ['cut', 'burst', 'slow-disk'],
      faultMeanMs: 1000,
    },
  },
  'observers-counted': {
    mistake: 'servers without a say count for a quorum',
    makeProcess: (machine) => new ObserversCounted(machine),
    overrides: {
      voterCount: 3,
      observerCount: 2,
      faults: serverFaultNames.filter((name) => name !== 'reconfig'),
    },
  },
  'watch-after-reply': {
    mistake: 'an event comes after the answer that shows the change',
    makeProcess: (machine) => new WatchAfterReply(machine),
  },
  'answered-at-role-end': {
    mistake: 'a leader that ends answers what is not decided',
    makeProcess: (machine) => new AnsweredAtRoleEnd(machine),
    overrides: {
      voterCount: 3,
      clientCount: 6,
      faults: ['isolate-leader', 'slow-disk', 'burst'],
      faultMeanMs: 2000,
    },
  },
  'back-in-time': {
    mistake: 'a client may go on at a server that is behind what it has seen',
    makeProcess: (machine) => new BackInTime(machine),
    overrides: {
      voterCount: 5,
      clientCount: 6,
      faults: ['client-drop', 'clog', 'slow-disk'],
      faultMeanMs: 200,
    },
  },
  'session-ended-by-learner': {
    mistake: 'a learner ends the session of a client that has lost its connection',
    makeProcess: (machine) => new SessionEndedByLearner(machine),
  },
  'answered-without-lease': {
    mistake:
      'a server that has lost its leader, or a leader its quorum, answers its clients until it notices',
    makeProcess: (machine) => new AnsweredWithoutLease(machine),
    overrides: {
      voterCount: 3,
      clientCount: 1,
      clientProcessCount: 6,
      tickTimeMs: 500,
      syncLimitTicks: 20,
      faults: ['isolate', 'isolate-leader'],
      faultMeanMs: 8000,
    },
  },
  'reconfig-by-old-quorum': {
    mistake: 'a reconfiguration is committed by a quorum of those before alone',
    makeProcess: (machine) => new ReconfigByOldQuorum(machine),
    overrides: { ...reconfiguring, diskMsMin: 5, diskMsMax: 100 },
  },
  'reconfig-before-commit': {
    mistake: 'a follower goes by a configuration that is only proposed',
    makeProcess: (machine) => new ReconfigBeforeCommit(machine),
    overrides: reconfiguring,
  },
  'forgotten-proposed-config': {
    mistake: 'a proposed configuration does not outlive a restart',
    makeProcess: (machine) => new ForgottenProposedConfig(machine),
    overrides: reconfiguring,
  },
  ...lockPlants,
  ...recipePlants,
};

export const plantNames: readonly PlantName[] = Object.keys(plants) as PlantName[];

export function isPlantName(name: string): name is PlantName {
  return Object.hasOwn(plants, name);
}
