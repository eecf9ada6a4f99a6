/**
 * One member of an ensemble, and a test that plays all the others packet by packet. Its log is durable only when the test says so, its
 * clock goes only when the test says so.
 *
 * Zxids are written `epoch:counter`.
 */

import {
  decodeQuorumPacket,
  encodeLearnerInfo,
  encodeQuorumPacket,
  encodeTxnRecord,
  encodeUtf8,
  type Id,
  JuteReader,
  JuteWriter,
  type Membership,
  OpCode,
  openAcl,
  parseMembership,
  QUORUM_PROTOCOL_VERSION,
  type QuorumPacket,
  QuorumPacketType,
  quorumPacketTypeName,
  ServerState,
} from '@zooid/protocol';
import type { OwnNotification } from '../../src/election/fast-leader-election.ts';
import type { NewState } from '../../src/new-state.ts';
import type { CoreOptions } from '../../src/server-core.ts';
import type { Member } from '../../src/zab/member.ts';
import { EPOCH_TXN_COUNT_MAX, type MemberOptions } from '../../src/zab/member-options.ts';
import type { MemberFact, MemberOutbox } from '../../src/zab/member-outbox.ts';
import { PeerLink } from '../../src/zab/peer-link.ts';
import { counterOf, epochOf, firstZxidOf } from '../../src/zab/zxid.ts';
import { Harness, type HarnessLog, type TestClient } from '../harness.ts';

export const SYNC_LIMIT_MS = 10_000;
export const INIT_LIMIT_MS = 20_000;

/** `1:4` as a zxid. */
export function z(text: string): number {
  const [epoch, counter] = text.split(':').map(Number);
  return firstZxidOf(epoch!) + counter!;
}

export function show(zxid: number): string {
  return zxid === -1 ? '-1' : `${epochOf(zxid)}:${counterOf(zxid)}`;
}

export function showPacket({ type, zxid }: QuorumPacket): string {
  return `${quorumPacketTypeName(type)} ${show(zxid)}`;
}

export function pathOf(zxid: number): string {
  return `/${epochOf(zxid)}-${counterOf(zxid)}`;
}

/** A transaction of this zxid: it creates {@link pathOf} it. */
export function txnOf(zxid: number, session: { id: bigint; xid: number } = { id: 0n, xid: 0 }) {
  const out = new JuteWriter();
  encodeTxnRecord(out, {
    header: { sessionId: session.id, cxid: session.xid, zxid, timeMs: 1, type: OpCode.create },
    txn: {
      type: OpCode.create,
      path: pathOf(zxid),
      data: null,
      acl: openAcl,
      ephemeral: false,
      parentCversion: -1,
    },
    digest: null,
  });
  return out.copy();
}

export function dataOf(write: (out: JuteWriter) => void): Uint8Array {
  const out = new JuteWriter();
  write(out);
  return out.copy();
}

/** The end of a connection that the member has. */
export class TestLink extends PeerLink {
  /** What came and was not taken yet. */
  received: QuorumPacket[] = [];
  /** Pings without an answer. */
  pings: QuorumPacket[] = [];

  /** Takes what came, without pings. */
  take(): string[] {
    return this.takePackets().map(showPacket);
  }

  takePackets(): QuorumPacket[] {
    const taken = this.received.filter(({ type }) => type !== QuorumPacketType.ping);
    this.received = [];
    return taken;
  }
}

export interface MemberHarnessOptions {
  readonly serverId?: number;
  /** What its log holds at the start. */
  readonly log?: readonly string[];
  readonly accepted?: number;
  readonly current?: number;
  readonly options?: Partial<MemberOptions>;
  readonly membership?: string;
  readonly lastSeenMembership?: Membership;
  readonly core?: Partial<CoreOptions>;
  /** In place of a log that says the truth. */
  readonly makeLog?: () => HarnessLog;
}

const three = [1, 2, 3]
  .map((id) => `server.${id}=10.0.0.${id}:2888:3888:participant;10.0.0.${id}:2181`)
  .concat('server.4=10.0.0.4:2888:3888:observer;10.0.0.4:2181', 'version=0')
  .join('\n');

export function membershipOf(text: string): Membership {
  const reading = parseMembership(text);
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
  return reading.membership;
}

export class MemberHarness {
  readonly serverId: number;
  readonly harness: Harness;
  readonly member: Member;
  readonly facts: MemberFact[] = [];
  /** What it did and sent, in order: what one disk and one wire would see. */
  trace: string[] = [];
  /** What it wants of its shell that the test must do. */
  readonly wants: string[] = [];
  readonly states: NewState[] = [];
  readonly clients: TestClient[] = [];
  /** What it told each server last of the election. */
  readonly told = new Map<number, OwnNotification>();

  constructor(options: MemberHarnessOptions = {}) {
    const { serverId = 1, log = [], current = 0, accepted = current } = options;
    this.serverId = serverId;
    const outbox: MemberOutbox = {
      notify: (to, notification) => this.told.set(to, notification),
      connectAll: () => {},
      acceptLearners: () => this.wants.push('accept'),
      refuseLearners: () => this.wants.push('refuse'),
      connectToLeader: (leader) => this.wants.push(`connect ${leader}`),
      cancelConnect: () => {},
      resume: () => this.wants.push('resume'),
      sendSnapshot: (link) => this.wants.push(`snapshot ${link.address}`),
      saveAcceptedEpoch: (epoch) => this.trace.push(`accept ${epoch}`),
      saveCurrentEpoch: (epoch) => this.trace.push(`adopt ${epoch}`),
      truncateLog: (zxid) => this.wants.push(`truncate ${show(zxid)}`),
      installState: (state) => {
        this.trace.push(`install ${show(state.zxid)}`);
        this.states.push(state);
      },
      readLog: (link, after, last) =>
        this.wants.push(`read ${link.address} ${show(after)} ${show(last)}`),
      closeClients: () => this.#closeClients(),
      saveSeenMembership: ({ version }) => this.trace.push(`seen ${show(version)}`),
      activateMembership: ({ version }) => this.trace.push(`active ${show(version)}`),
      reportMember: (fact) => this.facts.push(fact),
    };
    this.harness = new Harness({
      core: { serverId, reconfigEnabled: options.options?.isReconfigOn ?? false, ...options.core },
      skipAcl: true,
      ...(options.makeLog === undefined ? {} : { makeLog: options.makeLog }),
      log: log.map((text) => txnOf(z(text))),
      membership: {
        options: {
          serverId,
          tickTimeMs: 2000,
          initLimitMs: INIT_LIMIT_MS,
          syncLimitMs: SYNC_LIMIT_MS,
          finalizeWaitMs: 200,
          notificationIntervalMsMin: 200,
          notificationIntervalMsMax: 60_000,
          epochTxnCountMax: EPOCH_TXN_COUNT_MAX,
          commitLogCount: 500,
          logSyncBytesMax: () => 1_000_000,
          isReconfigOn: false,
          isStandaloneAllowed: true,
          isReadOnlyModeOn: false,
          localSessions: 'off',
          connectLimitMs: 1500,
          epochWaitMsMax: undefined,
          isSnapshotForced: false,
          isLeaderServing: true,
          isEmptyDatabaseTrusted: true,
          ...options.options,
        },
        membership: membershipOf(options.membership ?? three),
        lastSeenMembership: options.lastSeenMembership,
        outbox,
      },
      sendToPeer: (link, out) => this.#onSent(link as TestLink, out.copy()),
    });
    this.member = this.tell(() => this.harness.core.joinEnsemble({ accepted, current }));
  }

  /** One turn. */
  tell<T>(event: () => T): T {
    return this.harness.inTurn(event);
  }

  /** Time passes in small steps, and what is due is done. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 100) {
      this.harness.nowMs += Math.min(left, 100);
      this.tell(() => {
        if (this.harness.nowMs >= this.member.nextDueMs) this.member.onTime();
      });
    }
  }

  /** Nothing runs for a while: only then it is looked at the clock. */
  standStill(ms: number): void {
    this.harness.nowMs += ms;
    this.tell(() => this.member.onTime());
  }

  get lastReason(): string | undefined {
    const fact = this.facts.findLast(({ kind }) => kind === 'role-ended');
    return fact?.kind === 'role-ended' ? fact.reason : undefined;
  }

  has(zxid: string): boolean {
    return this.harness.tree.findPath(pathOf(z(zxid))) >= 0;
  }

  /** Every transaction that it gave to the log, durable or not. */
  get logged(): string[] {
    return this.harness.log.zxids.map(show);
  }

  /** The write in flight becomes durable, if there is one. */
  syncOnce(): void {
    if (this.harness.log.isSyncing) this.trace.push('durable');
    this.harness.syncOnce();
  }

  sync(): void {
    while (this.harness.log.isSyncing) this.syncOnce();
  }

  connectClient(): TestClient {
    const client = this.harness.accept();
    this.clients.push(client);
    client.sendConnect();
    return client;
  }

  // ── Elections ─────────────────────────────────────────────────────────────────────────────────────

  hearVote(from: number, leader: number, zxid: number, peerEpoch: number, round = 1): void {
    const vote = { state: ServerState.looking, round, leader, zxid, peerEpoch };
    this.tell(() => this.member.onNotification({ from, ...vote }, undefined));
  }

  /** The others have voted for this one. */
  lead(): this {
    this.hearVote(2, this.serverId, this.harness.core.lastAppliedZxid, this.member.epoch);
    this.pass(200);
    return this;
  }

  /**
   * The others have voted for another one; the connection to it stands, and it was told who this is.
   *
   * @param round - how often this server has looked for a leader.
   */
  follow(leader = 3, round = 1): TestLink {
    for (const from of [2, 3]) this.hearVote(from, leader, z('900:1'), 900, round);
    this.pass(200);
    const link = new TestLink(`leader ${leader}`);
    this.tell(() => this.member.onLeaderConnected(link));
    return link;
  }

  // ── Packets ───────────────────────────────────────────────────────────────────────────────────────

  /** One packet comes over this link, in a turn of its own. */
  hear(
    link: TestLink,
    type: QuorumPacketType,
    zxid: number,
    data: Uint8Array | null = null,
    authinfo: readonly Id[] | null = null,
  ): void {
    const out = new JuteWriter();
    out.int(0);
    encodeQuorumPacket(out, { type, zxid, data, authinfo });
    this.tell(() => this.member.onPeerPacket(link, out.bytes, 4, out.length));
    // As in a real chunk, others take its place.
    out.bytes.fill(0xee);
  }

  /** A learner connects and says who it is. */
  hearLearner(
    serverId: number,
    accepted = 0,
    kind: 'follower' | 'observer' = 'follower',
  ): TestLink {
    const link = new TestLink(`${serverId}`);
    this.tell(() => this.member.onLearnerConnected(link));
    const type =
      kind === 'observer' ? QuorumPacketType.observerInfo : QuorumPacketType.followerInfo;
    const info = {
      serverId: BigInt(serverId),
      protocolVersion: QUORUM_PROTOCOL_VERSION,
      configVersion: 0n,
    };
    this.hear(
      link,
      type,
      firstZxidOf(accepted),
      dataOf((out) => encodeLearnerInfo(out, info)),
    );
    return link;
  }

  /** The learner answers every ping that came. @param touched - of the last answer: the sessions that it was heard of. */
  answerPings(link: TestLink, touched: Uint8Array = new Uint8Array(0)): void {
    const { pings } = link;
    link.pings = [];
    for (const [i, { zxid }] of pings.entries()) {
      const data = i === pings.length - 1 ? touched : new Uint8Array(0);
      this.hear(link, QuorumPacketType.ping, Number(zxid), data);
    }
  }

  hearAckEpoch(link: TestLink, zxid: string, current: number): void {
    this.hear(
      link,
      QuorumPacketType.ackEpoch,
      z(zxid),
      dataOf((out) => out.int(current)),
    );
  }

  hearAck(link: TestLink, zxid: string): void {
    this.hear(link, QuorumPacketType.ack, z(zxid));
  }

  hearProposal(link: TestLink, zxid: string, session?: { id: bigint; xid: number }): void {
    this.hear(link, QuorumPacketType.proposal, z(zxid), txnOf(z(zxid), session));
  }

  hearCommit(link: TestLink, zxid: string): void {
    this.hear(link, QuorumPacketType.commit, z(zxid));
  }

  /** The whole handshake of a learner that has what its last zxid says. */
  join(serverId: number, zxid: string, kind: 'follower' | 'observer' = 'follower'): TestLink {
    const link = this.hearLearner(serverId, 0, kind);
    this.hearAckEpoch(link, zxid, this.member.epoch - 1);
    this.hearAck(link, `${this.member.epoch}:0`);
    return link;
  }

  closed(link: TestLink): void {
    this.tell(() => this.member.onPeerClosed(link));
  }

  // ── What a shell does ─────────────────────────────────────────────────────────────────────────────

  /** The log is cut back, and the state loaded from what is left. */
  truncated(zxid: string, before: readonly string[]): void {
    const { core, nowMs } = this.harness;
    core.beginRestore();
    for (const text of before) {
      const txn = txnOf(z(text));
      if (z(text) <= z(zxid)) core.replayTxn(txn, 0, txn.byteLength);
    }
    core.finishRestore(nowMs);
    this.tell(() => this.member.onLogTruncated());
  }

  installed(state: NewState): void {
    this.tell(() => {
      this.harness.core.replaceState(state);
      this.member.onStateInstalled();
    });
  }

  #closeClients(): void {
    for (const client of this.clients) this.harness.core.replies.hangUp(client, 'not-serving');
  }

  #onSent(link: TestLink, bytes: Uint8Array): void {
    const reader = new JuteReader(bytes);
    while (reader.remaining > 0) {
      const packet = decodeQuorumPacket(reader);
      link.received.push(packet);
      if (packet.type === QuorumPacketType.ping) link.pings.push(packet);
      this.trace.push(`send ${showPacket(packet)}`);
    }
  }
}

/** The configuration as a NEWLEADER carries it. */
export const configText: Uint8Array = encodeUtf8(three);
