/**
 * The shell around a member of an ensemble: ports for other servers, epochs on disk, the clock of elections. It does what the core's
 * `Member` wants, and tells it what happened, each time in a turn.
 */

import { setImmediate as onNextRound } from 'node:timers';
import {
  type Member,
  type MemberFact,
  type MemberOutbox,
  type NewState,
  type OwnNotification,
  type PeerLink,
  type ServerCore,
  type ServerId,
  type Turn,
  txnZxid,
} from '@zooid/core';
import { ANY_HOST, type JuteWriter, type Membership, type ServerLine } from '@zooid/protocol';
import type { Clock } from '../clock.ts';
import type { EnsembleConfig } from '../config/ensemble-config.ts';
import type { MembershipFiles } from '../config/membership-files.ts';
import { LogTruncateError } from '../disk/log-truncate.ts';
import { toWireNotification, tryFromWireNotification } from '../net/election-notification.ts';
import { ElectionPort, type ElectionPortFact } from '../net/election-port.ts';
import { LeaderConnector } from '../net/leader-connector.ts';
import { LearnerPort } from '../net/learner-port.ts';
import type { ListenPlace } from '../net/movable-port.ts';
import { NameLookup } from '../net/name-lookup.ts';
import { formatHostPort, type PeerAddress, type PeerRoute } from '../net/peer-address.ts';
import {
  type QuorumConnection,
  type QuorumConnectionParts,
  UNSENT_BYTES_MAX_DEFAULT,
} from '../net/quorum-connection.ts';
import type { QuorumPortFact } from '../net/quorum-port-fact.ts';
import { MemberHealth, type MemberHealthFact } from './member-health.ts';
import type { MemberStorage } from './member-storage.ts';

export interface MemberShellParts {
  readonly ensemble: EnsembleConfig;
  /** `jute.maxbuffer`: longest data of a packet. */
  readonly dataBytesMax: number;
  readonly storage: MemberStorage;
  /** Where a change of the configuration outlives a restart; undefined when it came from no file. */
  readonly membershipFiles: MembershipFiles | undefined;
  readonly route?: PeerRoute | undefined;
  /** A turn has ended that may have applied transactions and answered clients. */
  readonly afterTurn: () => void;
  /** Hangs up on every client; within a turn. */
  readonly hangUpOnClients: () => void;
  /** Where clients are served now. */
  readonly clientPlace: () => ListenPlace;
  /** Clients are served there from now on. */
  readonly moveClientPort: (place: ListenPlace) => void;
  readonly clock: Clock;
  readonly report: (
    fact: MemberFact | ElectionPortFact | QuorumPortFact | MemberHealthFact,
  ) => void;
  /** This server can keep its promises no longer and must stop. */
  readonly onFatal: (error: Error) => void;
}

/** A packet is longer than the request in it: header, digest, identities. */
const PACKET_OVERHEAD_BYTES = 64 * 1024;

export class MemberShell implements MemberOutbox {
  readonly #parts: MemberShellParts;
  readonly #election: ElectionPort;
  readonly #learners: LearnerPort;
  readonly #connector: LeaderConnector;
  readonly #health: MemberHealth;
  /** Where this server is for the others, by the newest configuration in force that it is in. */
  #own: PeerAddress;
  #core: ServerCore | undefined;
  #turn: Turn | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;
  #isStopped = false;
  #isFlushing = false;
  /** The configuration has changed since the start. */
  #hasChanged = false;

  constructor(parts: MemberShellParts) {
    this.#parts = parts;
    const { ensemble } = parts;
    const health = new MemberHealth({
      serverId: ensemble.serverId,
      peers: () => this.#peers(),
      nowMs: parts.clock.nowMs,
      report: parts.report,
    });
    this.#health = health;
    const report = (fact: ElectionPortFact | QuorumPortFact) => this.#report(fact);
    this.#own = ensemble.membership.servers.get(ensemble.serverId)!.addresses[0];
    const names = new NameLookup();
    const connectTimeoutMs = ensemble.election.connectTimeoutMs;
    this.#election = new ElectionPort({
      serverId: ensemble.serverId,
      listen: this.#electionPlace,
      peers: () => this.#peers(),
      bindAttemptCountMax: ensemble.election.bindAttemptCountMax,
      connectTimeoutMs,
      greetingTimeoutMs: ensemble.election.greetingTimeoutMs,
      names,
      route: parts.route,
      clock: parts.clock,
      events: {
        onNotification: (from, wire) => {
          const notification = tryFromWireNotification(from, wire);
          if (notification === undefined) return;
          const config = wire.config ?? undefined;
          health.onNotification(from, config, this.#activeMembership);
          this.#tell((member) => member.onNotification(notification, config));
        },
        onConnected: (server) => {
          health.onConnected(server);
          this.#tell((member) => member.onReachable(server, 'reachable'));
        },
        onDisconnected: (server) => {
          health.onDisconnected(server);
          this.#tell((member) => member.onReachable(server, 'unreachable'));
        },
        onFact: report,
      },
    });
    const connection = this.#connectionParts();
    this.#learners = new LearnerPort({
      listen: () => ({ host: this.#ownHost, port: this.#own.quorumPort }),
      connection,
      onConnected: (link) => this.#member?.onLearnerConnected(link),
      onListening: () => {},
      onListenFailed: ({ message }) =>
        report({
          kind: 'quorum-port-unavailable',
          port: this.#own.quorumPort,
          reason: message,
        }),
      onTooMany: (address) => report({ kind: 'quorum-too-many', address }),
    });
    this.#connector = new LeaderConnector({
      connection,
      names,
      connectTimeoutMs,
      retryDelayMs: ensemble.connectRetryDelayMs,
      onConnected: (link) => this.#member?.onLeaderConnected(link),
      onRefused: (address, { message }) =>
        report({
          kind: 'leader-unreachable',
          address: formatHostPort(address),
          reason: message,
        }),
    });
  }

  /** Opens the election port and begins to look for a leader. The core is restored, and its log open. @throws what the system says of the port. */
  async start(core: ServerCore, turn: Turn): Promise<void> {
    this.#core = core;
    this.#turn = turn;
    await this.#election.listen();
    turn.begin();
    core.joinEnsemble(this.#parts.storage.epochs);
    turn.end();
    this.arm();
  }

  /** Sets the timer for what the member is to do next. After every turn that may have changed it. */
  arm(): void {
    const dueMs = this.#isStopped ? Number.POSITIVE_INFINITY : (this.#member?.nextDueMs ?? 0);
    if (dueMs === this.#timerDueMs) return;
    this.#timerDueMs = dueMs;
    clearTimeout(this.#timer);
    if (dueMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(
      () => {
        this.#timerDueMs = Number.NaN;
        this.#tell((member) => member.onTime());
      },
      Math.max(0, dueMs - this.#parts.clock.nowMs()),
    );
  }

  /** Sends what a turn wrote for another server, and hangs up if the core says so. */
  send(link: PeerLink, out: JuteWriter): void {
    (link as QuorumConnection).send(out);
  }

  /** Sends what is for other servers when everything that this wake-up of the event loop brought is dealt with. */
  flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    onNextRound(() => {
      this.#isFlushing = false;
      this.#turn!.flushPeers();
    });
  }

  /** Ends the role, if there is one, for good: the others look for another leader at once. */
  endRole(): void {
    this.#tell((member) => member.stop());
    this.#isStopped = true;
    this.arm();
  }

  /** Closes the ports and all connections. After {@link endRole}. */
  async close(): Promise<void> {
    this.#isStopped = true;
    this.arm();
    this.#connector.close();
    this.#learners.close();
    await this.#election.close();
  }

  // ── What the member wants ─────────────────────────────────────────────────────────────────────────

  notify(to: ServerId, notification: OwnNotification): void {
    this.#election.send(
      to,
      toWireNotification(notification, this.#member!.memberships.active.text),
    );
  }

  connectAll(): void {
    this.#election.connectAll();
  }

  acceptLearners(): void {
    this.#learners.acceptLearners();
  }

  refuseLearners(): void {
    this.#learners.refuseLearners();
  }

  connectToLeader(leader: ServerId): void {
    const { route } = this.#parts;
    this.#connector.connectToLeader(() => {
      const peer = this.#peers().get(leader);
      if (peer === undefined) return undefined;
      const address = { host: peer.host, port: peer.quorumPort };
      return route?.(address) ?? address;
    });
  }

  cancelConnect(): void {
    this.#connector.cancel();
  }

  resume(link: PeerLink): void {
    (link as QuorumConnection).resume();
  }

  sendSnapshot(link: PeerLink): void {
    const core = this.#core!;
    (link as QuorumConnection).sendSnapshot(core.snapshotHead(), (out) => core.beginImage(out));
  }

  saveAcceptedEpoch(epoch: number): void {
    this.#parts.storage.saveAcceptedEpoch(epoch);
  }

  saveCurrentEpoch(epoch: number): void {
    this.#parts.storage.saveCurrentEpoch(epoch);
  }

  truncateLog(zxid: number): void {
    this.#parts.storage.truncate(zxid).then(
      () => this.#tell((member) => member.onLogTruncated()),
      (error: Error) => {
        // A snapshot goes further than the leader: its whole state takes the place of this one's.
        if (error instanceof LogTruncateError) this.#tell((member) => member.onLogNotTruncated());
        else this.#parts.onFatal(error);
      },
    );
  }

  installState(state: NewState): void {
    this.#replaceState(this.#parts.storage.installState(state), (member) =>
      member.onStateInstalled(),
    );
  }

  readLog(link: PeerLink, afterZxid: number, lastZxid: number, bytesMax: number): void {
    this.#parts.storage.readTxns(afterZxid, lastZxid, bytesMax).then(
      (txns) =>
        this.#tell((member) => {
          for (const txn of txns ?? []) {
            member.onLogRead(link, txnZxid(txn, 0), txn, 0, txn.byteLength);
          }
          member.onLogReadEnd(link, txns === undefined ? 'unavailable' : 'complete');
        }),
      // A snapshot takes its place; what is wrong with the log the next restart will say.
      () => this.#tell((member) => member.onLogReadEnd(link, 'unavailable')),
    );
  }

  saveSeenMembership(membership: Membership): void {
    this.#parts.membershipFiles?.saveProposed(membership);
  }

  activateMembership(membership: Membership): void {
    const { ensemble, membershipFiles } = this.#parts;
    // What a person wrote is kept before it is changed for the first time.
    if (ensemble.dynamicFile === undefined && !this.#hasChanged) membershipFiles?.backUp();
    this.#hasChanged = true;
    membershipFiles?.saveCommitted(membership, ensemble.serverId, this.#parts.clientPlace());
    this.#moveTo(membership.servers.get(ensemble.serverId));
    this.#election.connectAll();
  }

  /** Listens where the own line says. Whoever is connected stays; the quorum port moves when a leader begins. */
  #moveTo(own: ServerLine | undefined): void {
    if (own === undefined) return;
    this.#own = own.addresses[0];
    this.#election.moveTo(this.#electionPlace);
    const { client } = own;
    // Which one the system chose for 0 stays.
    if (client === undefined || client.port === 0) return;
    const host = client.host === ANY_HOST ? undefined : client.host;
    this.#parts.moveClientPort({ host, port: client.port });
  }

  get #electionPlace(): ListenPlace {
    return { host: this.#ownHost, port: this.#own.electionPort };
  }

  get #ownHost(): string | undefined {
    return this.#parts.ensemble.isListeningOnAllAddresses ? undefined : this.#own.host;
  }

  closeClients(): void {
    this.#parts.hangUpOnClients();
  }

  reportMember(fact: MemberFact): void {
    this.#report(fact);
  }

  /** Why this member should get no traffic, in one sentence; undefined when it serves. */
  get notReadyReason(): string | undefined {
    const member = this.#member;
    return member === undefined ? undefined : this.#health.notReadyReason(member);
  }

  #report(fact: MemberFact | ElectionPortFact | QuorumPortFact): void {
    this.#health.onFact(fact);
    this.#parts.report(fact);
  }

  // ── Turns ─────────────────────────────────────────────────────────────────────────────────────────

  /** Where the servers are, of the configuration in force and of the next one, which counts where they differ. */
  #peers(): ReadonlyMap<ServerId, PeerAddress> {
    const { ensemble } = this.#parts;
    const memberships = this.#member?.memberships;
    const known =
      memberships === undefined
        ? [ensemble.membership]
        : [memberships.active.membership, memberships.lastSeen.membership];
    const peers = new Map<ServerId, PeerAddress>();
    // Of several addresses the first is used.
    for (const { servers } of known) {
      for (const [id, { addresses }] of servers) peers.set(id, addresses[0]);
    }
    return peers;
  }

  get #activeMembership(): Membership {
    return this.#member?.memberships.active.membership ?? this.#parts.ensemble.membership;
  }

  get #member(): Member | undefined {
    return this.#core?.member;
  }

  #connectionParts(): QuorumConnectionParts {
    return {
      newTree: () => this.#core!.newTree(),
      dataBytesMax: this.#parts.dataBytesMax + PACKET_OVERHEAD_BYTES,
      unsentBytesMax: UNSENT_BYTES_MAX_DEFAULT,
      events: {
        beginTurn: () => this.#turn!.begin(),
        endTurn: () => this.#endTurn(),
        onPacket: (link, bytes, start, end) => this.#member!.onPeerPacket(link, bytes, start, end),
        onMalformed: (link, message) => this.#member!.onPeerMalformed(link, message),
        onSnapshotProgress: (link) => this.#member!.onSnapshotProgress(link),
        onSnapshotReceived: (link, state) => this.#member!.onSnapshotReceived(link, state),
        onSnapshotSent: (link) => this.#member!.onSnapshotSent(link),
        onClosed: (link) => this.#member!.onPeerClosed(link),
      },
    };
  }

  #replaceState(work: Promise<void>, done: (member: Member) => void): void {
    work.then(
      () => this.#tell(done),
      (error: Error) => this.#parts.onFatal(error),
    );
  }

  #tell(event: (member: Member) => void): void {
    const member = this.#member;
    if (member === undefined || this.#isStopped) return;
    this.#turn!.begin();
    event(member);
    this.#endTurn();
  }

  #endTurn(): void {
    this.#turn!.end();
    this.arm();
    this.#parts.afterTurn();
  }
}
