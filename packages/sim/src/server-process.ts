/**
 * One life of a server: the production core and turn in a shell of virtual sockets, disk and clock. It ends by a crash, an error of the disk or
 * a bug, and nothing of it is left but what is on the disk.
 *
 * Every event comes in by {@link ServerProcess.enter}, which holds it back while the process is paused. What tests plant overrides the
 * protected methods.
 */

import {
  AccessRules,
  type Client,
  ipProvider,
  type Member,
  type MemberFact,
  type MemberOutbox,
  type NewState,
  type OwnNotification,
  ServerCore,
  Turn,
} from '@zooid/core';
import { encodeUtf8, type JuteWriter, type Membership, QuorumPacketType } from '@zooid/protocol';
import { chainAfter } from './chain.ts';
import { SimulatedClientPort } from './client-port.ts';
import { ElectionPort } from './election-port.ts';
import { makeRecord, TXN_START, txnEnd } from './log-records.ts';
import type { Machine } from './machine.ts';
import type { ScheduledEvent } from './scheduler.ts';
import { DiskError } from './simulated-disk.ts';
import { SimulatedLink } from './simulated-link.ts';
import type { Socket, SocketHandler } from './simulated-network.ts';
import { encodeSignature, encodeState } from './state-stream.ts';
import type { World } from './world.ts';

/** How often a learner tries to connect while its leader refuses. */
const CONNECT_INTERVAL_MS = 20;

export class ServerProcess {
  readonly machine: Machine;
  readonly world: World;
  readonly core: ServerCore;
  readonly turn: Turn;
  /** Everything that was reported of the ensemble, newest last. */
  lastFact: MemberFact | undefined;
  isRunning = true;
  /** The connection to the leader that this process made last. */
  protected leaderLink: SimulatedLink | undefined;

  readonly #election: ElectionPort;
  readonly #clients = new Set<SimulatedClientPort>();
  #isInTurn = false;
  #timer: ScheduledEvent | undefined;
  #timerMs = Number.POSITIVE_INFINITY;
  /** What the turn wants done when it is over. */
  #afterTurn: (() => void)[] = [];
  #connecting = 0;
  #isPaused = false;
  #backlog: (() => void)[] = [];
  #txnsSinceSnapshot = 0;
  #isSnapshotting = false;
  #isFlushDue = false;

  constructor(machine: Machine) {
    this.machine = machine;
    this.world = machine.world;
    const { world } = this;
    const { options } = world;
    const now = () => this.nowMs;
    this.core = new ServerCore({
      options: { ...world.coreOptions, serverId: machine.id },
      outbox: {
        appendTxn: (zxid, bytes, start, end) => this.appendTxn(zxid, bytes, start, end),
        report: (fact) => {
          if (fact.kind === 'digest-mismatch') {
            world.checks.fail('digest', `${machine.name}: digest of ${fact.zxid} differs`);
          }
        },
      },
      meter: silentMeter,
      // The configuration is the only znode that is not open to all.
      access: new AccessRules({ providers: [ipProvider], skipAcl: true }),
      wallMs: machine.wallMs,
      nowMs: now(),
      random: machine.random,
      membership: {
        options: {
          serverId: machine.id,
          tickTimeMs: options.tickTimeMs,
          initLimitMs: options.initLimitTicks * options.tickTimeMs,
          syncLimitMs: options.syncLimitTicks * options.tickTimeMs,
          finalizeWaitMs: 200,
          notificationIntervalMsMin: 200,
          notificationIntervalMsMax: 60_000,
          epochTxnCountMax: options.epochTxnCountMax,
          commitLogCount: options.commitLogCount,
          logSyncBytesMax: () => options.logSyncBytesMax,
          isReconfigOn: options.faults.includes('reconfig'),
          isStandaloneAllowed: !options.isLoneVoterAllowed,
          isReadOnlyModeOn: options.isReadOnlyModeOn,
          localSessions: options.localSessions,
          connectLimitMs: 1500,
          epochWaitMsMax: undefined,
          isSnapshotForced: false,
          isLeaderServing: true,
          isEmptyDatabaseTrusted: true,
        },
        membership: this.membership(),
        lastSeenMembership: machine.disk.seenMembership,
        outbox: this.#memberOutbox(),
      },
    });
    this.turn = new Turn(this.core, {
      log: {
        get hasUnsynced() {
          return machine.disk.hasUnsynced;
        },
        get isSyncing() {
          return machine.disk.isSyncing;
        },
        sync: () => this.syncLog(),
      },
      wallMs: () => machine.wallMs,
      nowMs: now,
      flushPeersSoon: () => this.#flushPeersSoon(),
      send: (client, out) => this.#send(client as SimulatedClientPort, out),
      sendToPeer: (link, out) => this.#sendToPeer(link as SimulatedLink, out),
    });
    this.#election = new ElectionPort(this);
  }

  get name(): string {
    return this.machine.name;
  }

  get member(): Member {
    return this.core.member!;
  }

  /** Monotonic, in a scale of its own. */
  get nowMs(): number {
    return this.world.scheduler.nowMs + this.machine.monotonicOffsetMs;
  }

  /** Reads the disk and looks for a leader. @throws RottenLogError */
  start(): void {
    const { disk } = this.machine;
    disk.restore(this.core);
    this.core.finishRestore(this.nowMs);
    this.#election.open();
    this.#turn(() => {
      const { acceptedEpoch: accepted, currentEpoch: current } = disk;
      this.core.joinEnsemble({ accepted, current });
    });
    this.world.network.listen(this.name, 'client', (socket) => this.#acceptClient(socket));
    this.#tickAfter(this.machine.random.between(0, this.world.options.tickTimeMs));
  }

  /** Who belongs to the ensemble, and has a say, as this process understands it. */
  protected membership(): Membership {
    return this.machine.disk.membership;
  }

  /** The process is gone, at once. @param isPowerLost - the network is not told either. */
  kill(isPowerLost: boolean): void {
    if (!this.isRunning) return;
    this.isRunning = false;
    this.#timer?.cancel();
    const { network, random } = this.world;
    for (const port of ['client', 'quorum', 'election']) network.unlisten(this.name, port);
    for (const socket of network.socketsOf(this.name)) {
      socket.break(
        undefined,
        isPowerLost ? random.between(5000, 30_000) : network.delayMs(this.name, socket.to),
      );
    }
    this.machine.onProcessEnd();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const run of backlog) this.enter(run);
  }

  // ── Events ────────────────────────────────────────────────────────────────────────────────────────

  /** Something happens to this process: now, when it goes on, or never, when it is gone. */
  enter(run: () => void): void {
    if (!this.isRunning) return;
    if (this.#isPaused) {
      this.#backlog.push(run);
      return;
    }
    try {
      run();
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      this.world.trace.add(this.name, 'disk-error');
      this.kill(false);
    }
  }

  /** {@link enter}, later. */
  enterAfter(delayMs: number, run: () => void): void {
    this.world.scheduler.after(delayMs, () => this.enter(run));
  }

  /** A turn: events go to the core, then everything leaves. */
  inTurn(run: (member: Member) => void): void {
    this.#turn(() => run(this.member));
  }

  /** One whole packet of another server arrived. */
  onPacket(link: SimulatedLink, bytes: Uint8Array, start: number, end: number): void {
    const { reports } = this.world;
    const isPing = reports !== undefined && bytes[start + 3] === QuorumPacketType.ping;
    if (isPing) reports.onReceived(this, link.socket);
    this.member.onPeerPacket(link, bytes, start, end);
  }

  /** @internal */
  answerIsro(socket: Socket): void {
    const { isServing, isReadOnly } = this.member;
    if (isServing) socket.send(encodeUtf8(isReadOnly ? 'ro' : 'rw'));
    socket.end();
  }

  onFrame(client: Client, bytes: Uint8Array, start: number, end: number): void {
    this.core.onClientFrame(client, bytes, start, end);
  }

  /** @internal */
  onClientEnd(client: SimulatedClientPort): void {
    this.#clients.delete(client);
    this.onClientGone(client);
    this.#finishTurn();
  }

  protected onClientGone(client: Client): void {
    this.turn.onClientClosed(client);
  }

  #turn(run: () => void): void {
    if (this.#isInTurn) throw new Error('a turn within a turn');
    this.#isInTurn = true;
    this.turn.begin();
    run();
    this.turn.end();
    this.#isInTurn = false;
    this.#finishTurn();
  }

  #finishTurn(): void {
    this.world.checks.onTurnEnd(this);
    while (this.#afterTurn.length > 0) {
      const tasks = this.#afterTurn;
      this.#afterTurn = [];
      for (const task of tasks) if (this.isRunning) task();
    }
    this.#armTimer();
    this.#considerSnapshot();
  }

  #armTimer(): void {
    const member = this.core.member;
    if (member === undefined || !this.isRunning) return;
    const dueMs = member.nextDueMs;
    if (dueMs >= this.#timerMs || dueMs === Number.POSITIVE_INFINITY) return;
    this.#timer?.cancel();
    this.#timerMs = dueMs;
    // The clock has fractions and rounding: a hair later is late enough.
    const delayMs = Math.max(0, dueMs - this.nowMs) + 0.001;
    this.#timer = this.world.scheduler.after(delayMs, () => {
      this.#timerMs = Number.POSITIVE_INFINITY;
      this.#timer = undefined;
      this.enter(() => {
        if (this.member.nextDueMs <= this.nowMs) this.inTurn((current) => current.onTime());
        else this.#armTimer();
      });
    });
  }

  #tickAfter(delayMs: number): void {
    this.enterAfter(delayMs, () => {
      this.turn.onTick();
      this.#finishTurn();
      this.#tickAfter(this.world.options.tickTimeMs);
    });
  }

  // ── Disk ──────────────────────────────────────────────────────────────────────────────────────────

  protected appendTxn(zxid: number, bytes: Uint8Array, start: number, end: number): void {
    const { disk } = this.machine;
    const chain = chainAfter(disk.lastChain, bytes, start, end);
    this.world.checks.onAppend(this, zxid, chain, bytes, start, end);
    disk.records.push(makeRecord(zxid, chain, bytes, start, end));
    this.#txnsSinceSnapshot++;
  }

  /** Writes what was gathered. */
  protected syncLog(): void {
    const { disk } = this.machine;
    disk.writingCount = disk.records.length;
    this.enterAfter(this.machine.diskDelayMs(), () => this.onDiskDone());
  }

  /** The write in flight is done. */
  protected onDiskDone(): void {
    const { disk } = this.machine;
    const { scheduler } = this.world;
    if (disk.stalledUntilMs > scheduler.nowMs) {
      this.enterAfter(disk.stalledUntilMs - scheduler.nowMs, () => this.onDiskDone());
      return;
    }
    disk.assertWorks();
    disk.durableCount = disk.writingCount;
    this.onLogDurable(disk.durableZxid);
  }

  protected onLogDurable(zxid: number): void {
    this.world.trace.add(this.name, 'durable', zxid);
    this.turn.onLogSynced(zxid);
    this.#finishTurn();
  }

  protected saveAcceptedEpoch(epoch: number): void {
    const { disk } = this.machine;
    disk.assertWorks();
    this.world.checks.onAcceptedEpoch(this, epoch);
    disk.acceptedEpoch = epoch;
  }

  protected saveCurrentEpoch(epoch: number): void {
    const { disk } = this.machine;
    disk.assertWorks();
    this.world.checks.onCurrentEpoch(this, epoch);
    disk.currentEpoch = epoch;
  }

  protected saveSeenMembership(membership: Membership): void {
    const { disk } = this.machine;
    disk.assertWorks();
    this.world.memberships.onSeen(this, membership);
    disk.seenMembership = membership;
  }

  protected activateMembership(membership: Membership): void {
    const { disk } = this.machine;
    disk.assertWorks();
    this.world.memberships.onActivated(this, membership);
    disk.membership = membership;
    this.#election.connectAll();
  }

  protected truncateLog(zxid: number): void {
    this.enterAfter(this.machine.diskDelayMs(), () => {
      const { disk } = this.machine;
      disk.assertWorks();
      if (!disk.truncate(zxid)) {
        this.world.trace.add(this.name, 'not-truncated', zxid);
        this.inTurn((member) => member.onLogNotTruncated());
        return;
      }
      this.world.trace.add(this.name, 'truncated', zxid);
      this.inTurn((member) => {
        this.core.beginRestore();
        disk.restore(this.core);
        this.core.finishRestore(this.nowMs);
        member.onLogTruncated();
      });
    });
  }

  protected installState(state: NewState): void {
    const chain = this.world.checks.chainOf(state.zxid);
    this.enterAfter(this.machine.diskDelayMs(), () => {
      const { disk } = this.machine;
      disk.assertWorks();
      this.world.trace.add(this.name, 'installed', state.zxid);
      this.inTurn((member) => {
        this.core.replaceState(state);
        disk.install({ zxid: state.zxid, bytes: encodeState(this.core), chain });
        member.onStateInstalled();
      });
    });
  }

  protected readLog(
    link: SimulatedLink,
    afterZxid: number,
    lastZxid: number,
    bytesMax: number,
  ): void {
    this.enterAfter(this.machine.diskDelayMs(), () => {
      const { disk } = this.machine;
      const from = disk.isUnreadable ? -1 : disk.indexOf(afterZxid);
      const to = disk.indexOf(lastZxid);
      const records = from < 0 || to < 0 ? [] : disk.records.slice(from + 1, to + 1);
      const bytes = records.reduce((sum, record) => sum + record.bytes.byteLength, 0);
      const isAvailable = records.length > 0 && bytes <= bytesMax;
      this.inTurn((member) => {
        if (isAvailable) {
          for (const record of records) {
            member.onLogRead(link, record.zxid, record.bytes, TXN_START, txnEnd(record));
          }
        }
        member.onLogReadEnd(link, isAvailable ? 'complete' : 'unavailable');
      });
    });
  }

  /** From time to time everything applied goes into a snapshot, and the log before it away. */
  #considerSnapshot(): void {
    const { options } = this.world;
    if (this.#txnsSinceSnapshot < options.snapshotEvery || this.#isSnapshotting) return;
    if (!this.isRunning || this.core.lastAppliedZxid === 0) return;
    const { disk } = this.machine;
    const zxid = this.core.lastAppliedZxid;
    const chain = disk.chainAt(zxid);
    if (chain === undefined || (disk.snapshots.at(-1)?.zxid ?? 0) >= zxid) return;
    this.#txnsSinceSnapshot = 0;
    this.#isSnapshotting = true;
    const bytes = encodeState(this.core);
    this.enterAfter(this.machine.diskDelayMs() * 5, () => {
      this.#isSnapshotting = false;
      disk.assertWorks();
      // It may be of a history that was cut off meanwhile.
      if (disk.chainAt(zxid) !== chain || (disk.snapshots.at(-1)?.zxid ?? 0) >= zxid) return;
      this.world.trace.add(this.name, 'snapshot', zxid);
      disk.addSnapshot({ zxid, bytes, chain }, options.snapshotsKept);
    });
  }

  // ── Network ───────────────────────────────────────────────────────────────────────────────────────

  #memberOutbox(): MemberOutbox {
    return {
      notify: (to: number, notification: OwnNotification) =>
        this.#election.notify(to, notification),
      connectAll: () => this.#election.connectAll(),
      acceptLearners: () => {
        this.world.network.listen(this.name, 'quorum', (socket) => this.#acceptLearner(socket));
      },
      refuseLearners: () => this.world.network.unlisten(this.name, 'quorum'),
      connectToLeader: (leader) => this.#connectToLeader(leader, ++this.#connecting),
      cancelConnect: () => {
        this.#connecting++;
      },
      resume: (link) => this.#after(() => (link as SimulatedLink).onResumed()),
      sendSnapshot: (link) => {
        const simulated = link as SimulatedLink;
        const at = link.out?.length ?? 0;
        const state = encodeState(this.core);
        const signature = encodeSignature();
        const bytes = new Uint8Array(state.byteLength + signature.byteLength);
        bytes.set(state);
        bytes.set(signature, state.byteLength);
        simulated.insertion = { at, bytes };
        this.enterAfter(this.machine.diskDelayMs(), () =>
          this.inTurn((member) => member.onSnapshotSent(link)),
        );
      },
      saveAcceptedEpoch: (epoch) => this.saveAcceptedEpoch(epoch),
      saveCurrentEpoch: (epoch) => this.saveCurrentEpoch(epoch),
      truncateLog: (zxid) => this.truncateLog(zxid),
      installState: (state) => this.installState(state),
      readLog: (link, after, last, bytesMax) =>
        this.readLog(link as SimulatedLink, after, last, bytesMax),
      saveSeenMembership: (membership) => this.saveSeenMembership(membership),
      activateMembership: (membership) => this.activateMembership(membership),
      closeClients: () => this.#after(() => this.closeClients()),
      reportMember: (fact) => this.onMemberFact(fact),
    };
  }

  protected onMemberFact(fact: MemberFact): void {
    this.lastFact = fact;
    this.world.checks.onMemberFact(this, fact);
  }

  protected closeClients(): void {
    for (const client of [...this.#clients]) {
      client.socket.end();
      this.onClientEnd(client);
    }
  }

  /** When the turn is over, or at once when there is none. */
  #after(task: () => void): void {
    this.#afterTurn.push(task);
  }

  #acceptClient(socket: Socket): SocketHandler | undefined {
    // Nobody takes connections while the process stands still, but the system does.
    const client = new SimulatedClientPort(this, socket);
    this.#clients.add(client);
    return client;
  }

  #acceptLearner(socket: Socket): SocketHandler | undefined {
    const link = new SimulatedLink(this, socket);
    this.enterAfter(0, () => this.inTurn((member) => member.onLearnerConnected(link)));
    return link;
  }

  #connectToLeader(leader: number, attempt: number): void {
    const { network } = this.world;
    const to = this.world.machineOf(leader).name;
    network.connect(this.name, to, 'quorum', (socket) => {
      if (!this.isRunning) {
        socket?.end();
        return;
      }
      const link = socket === undefined ? undefined : new SimulatedLink(this, socket);
      if (socket !== undefined) socket.handler = link;
      this.enter(() => this.#onConnected(leader, attempt, link));
    });
  }

  #onConnected(leader: number, attempt: number, link: SimulatedLink | undefined): void {
    if (attempt !== this.#connecting) {
      link?.socket.end();
    } else if (link === undefined) {
      this.enterAfter(CONNECT_INTERVAL_MS, () => {
        if (attempt === this.#connecting) this.#connectToLeader(leader, attempt);
      });
    } else {
      this.#connecting++;
      this.leaderLink = link;
      this.inTurn((member) => member.onLeaderConnected(link));
    }
  }

  #send(client: SimulatedClientPort, out: JuteWriter): void {
    this.sendToClient(client, out.copy());
    if (client.closing === undefined) return;
    client.socket.end();
    this.#after(() => this.onClientEnd(client));
  }

  protected sendToClient(client: Client, bytes: Uint8Array): void {
    (client as SimulatedClientPort).socket.send(bytes);
  }

  /** What several turns at the same moment have for other servers leaves in one write. */
  #flushPeersSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    const { random } = this.machine;
    this.enterAfter(random.chance(0.1) ? random.next() : 0, () => {
      this.#isFlushDue = false;
      this.turn.flushPeers();
      this.#finishTurn();
    });
  }

  #sendToPeer(link: SimulatedLink, out: JuteWriter): void {
    const { insertion } = link;
    if (!link.isClosed) {
      if (insertion === undefined) this.sendToPeer(link, out.copy());
      else {
        link.insertion = undefined;
        this.sendToPeer(link, out.bytes.slice(0, insertion.at));
        link.socket.send(insertion.bytes);
        this.sendToPeer(link, out.bytes.slice(insertion.at, out.length));
      }
    }
    if (link.closing === undefined || link.isClosed) return;
    this.world.trace.add(this.name, 'hang-up', 0, 0, `${link.address} ${link.closing}`);
    link.socket.end();
    this.#after(() => this.inTurn((member) => member.onPeerClosed(link)));
  }

  /** Whole packets for another server. */
  protected sendToPeer(link: SimulatedLink, bytes: Uint8Array): void {
    this.world.checks.onPeerBytes(this, link.socket, bytes);
    link.socket.send(bytes);
  }
}

const nothing = (): void => {};

const silentMeter = {
  onReceived: nothing,
  onAdmitted: nothing,
  onUnqueued: nothing,
  onReply: nothing,
  onConnected: nothing,
  onEvent: nothing,
  onZnodeRead: nothing,
  onZnodeWritten: nothing,
  onWatchesFired: nothing,
};
