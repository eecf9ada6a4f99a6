/** One member of an ensemble of three; the test says what the others do. */

import {
  encodeLearnerInfo,
  JuteWriter,
  QUORUM_PROTOCOL_VERSION,
  QuorumPacketType,
  ServerState,
} from '@zooid/protocol';
import type { OwnNotification } from '../../src/election/fast-leader-election.ts';
import type { SavedEpochs } from '../../src/zab/epochs.ts';
import type { Member } from '../../src/zab/member.ts';
import { EPOCH_TXN_COUNT_MAX, type MemberOptions } from '../../src/zab/member-options.ts';
import type { MemberFact, MemberOutbox } from '../../src/zab/member-outbox.ts';
import { writePacketOf } from '../../src/zab/packets.ts';
import { PeerLink } from '../../src/zab/peer-link.ts';
import { Harness } from '../harness.ts';

export const INIT_LIMIT_MS = 20_000;

export class LoneMember {
  readonly harness: Harness;
  readonly member: Member;
  readonly facts: MemberFact[] = [];
  /** What it told the others of its vote. */
  readonly notified: OwnNotification[] = [];
  /** To whom it tried to connect, in order. */
  readonly calls: number[] = [];

  /** @param voterCount - servers 1 to this one are the ensemble. */
  constructor(
    serverId: number,
    wanted: Partial<MemberOptions> = {},
    voterCount = 3,
    epochs: SavedEpochs = { accepted: 0, current: 0 },
  ) {
    const outbox: MemberOutbox = {
      notify: (_, notification) => this.notified.push(notification),
      connectAll: () => {},
      acceptLearners: () => {},
      refuseLearners: () => {},
      connectToLeader: (leader) => this.calls.push(leader),
      cancelConnect: () => {},
      resume: () => {},
      sendSnapshot: () => {},
      saveAcceptedEpoch: () => {},
      saveCurrentEpoch: () => {},
      truncateLog: () => {},
      installState: () => {},
      readLog: () => {},
      closeClients: () => {},
      saveSeenMembership: () => {},
      activateMembership: () => {},
      reportMember: (fact) => this.facts.push(fact),
    };
    const options: MemberOptions = {
      serverId,
      tickTimeMs: 2000,
      initLimitMs: INIT_LIMIT_MS,
      syncLimitMs: 10_000,
      connectLimitMs: 1500,
      epochWaitMsMax: undefined,
      finalizeWaitMs: 200,
      notificationIntervalMsMin: 200,
      notificationIntervalMsMax: 60_000,
      epochTxnCountMax: EPOCH_TXN_COUNT_MAX,
      commitLogCount: 500,
      logSyncBytesMax: () => 0,
      isReconfigOn: false,
      isStandaloneAllowed: true,
      isReadOnlyModeOn: false,
      localSessions: 'off',
      isSnapshotForced: false,
      isLeaderServing: true,
      isEmptyDatabaseTrusted: true,
      ...wanted,
    };
    const servers = Array.from({ length: voterCount }, (_, index) => index + 1).map((id) => ({
      id,
      role: 'participant' as const,
      addresses: [{ host: `10.0.0.${id}`, quorumPort: 2888, electionPort: 3888 }] as const,
      client: undefined,
    }));
    const membership = {
      version: 0,
      servers: new Map(servers.map((server) => [server.id, server])),
      groups: new Map(),
      weights: new Map(),
    };
    this.harness = new Harness({
      membership: { options, membership, lastSeenMembership: undefined, outbox },
    });
    const { core } = this.harness;
    this.member = this.tell(() => core.joinEnsemble(epochs));
  }

  tell<T>(event: () => T): T {
    return this.harness.inTurn(event);
  }

  /** Time passes, and what was due at its end is done. */
  pass(ms: number): void {
    this.harness.nowMs += ms;
    this.tell(() => this.member.onTime());
  }

  /** The other server looks for a leader, and votes for this one. */
  hearLooking(from: number, leader: number, round: number): void {
    const vote = { leader, zxid: 0, peerEpoch: 0 };
    this.tell(() =>
      this.member.onNotification({ from, state: ServerState.looking, round, ...vote }, undefined),
    );
  }

  /** The other server has found a leader. */
  hearSettled(from: number, state: 'following' | 'leading', leader: number): void {
    const vote = { leader, zxid: 0, peerEpoch: 1 };
    this.tell(() =>
      this.member.onNotification({ from, state: ServerState[state], round: 1, ...vote }, undefined),
    );
  }

  /** A follower connects and says who it is. */
  hearFollower(serverId: number): PeerLink {
    const link = new PeerLink(`10.0.0.${serverId}`);
    const out = new JuteWriter();
    writePacketOf(out, QuorumPacketType.followerInfo, 0, (body) =>
      encodeLearnerInfo(body, {
        serverId: BigInt(serverId),
        protocolVersion: QUORUM_PROTOCOL_VERSION,
        configVersion: 0n,
      }),
    );
    this.tell(() => {
      this.member.onLearnerConnected(link);
      this.member.onPeerPacket(link, out.bytes, 0, out.length);
    });
    return link;
  }

  /** The connection that it asked for stands. */
  connected(): PeerLink {
    const link = new PeerLink('10.0.0.9');
    this.tell(() => this.member.onLeaderConnected(link));
    return link;
  }
}
