/**
 * One life of a server: the production core and turn in a shell of virtual sockets, disk and clock. It ends by a crash, an error of the disk or
 * a bug, and nothing of it is left but what is on the disk.
 *
 * Here is what it is connected to. How events come in is in process-turns.ts, what it does with its disk in storing-process.ts. What tests
 * plant overrides the protected methods.
 */

import {
  AccessRules,
  type Client,
  ipProvider,
  type MemberFact,
  type MemberOutbox,
  type OwnNotification,
  ServerCore,
  Turn,
} from '@zooid/core';
import { encodeUtf8, type JuteWriter, type Membership } from '@zooid/protocol';
import { sentBytes } from './byte-copies.ts';
import { SimulatedClientPort } from './client-port.ts';
import { ElectionPort } from './election-port.ts';
import type { Machine } from './machine.ts';
import { SimulatedLink } from './simulated-link.ts';
import type { Socket, SocketHandler } from './simulated-network.ts';
import { encodeSignature, encodeState } from './state-stream.ts';
import { StoringProcess } from './storing-process.ts';

/** How often a learner tries to connect while its leader refuses. */
const CONNECT_INTERVAL_MS = 20;

export class ServerProcess extends StoringProcess {
  readonly core: ServerCore;
  readonly turn: Turn;
  /** Everything that was reported of the ensemble, newest last. */
  lastFact: MemberFact | undefined;
  /** @internal How far what it shows was checked. */
  checkedZxid = -1;
  /** The connection to the leader that this process made last. */
  protected leaderLink: SimulatedLink | undefined;

  readonly #election: ElectionPort;
  readonly #clients = new Set<SimulatedClientPort>();
  #connecting = 0;
  #isFlushDue = false;

  constructor(machine: Machine) {
    super(machine);
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

  protected get self(): this {
    return this;
  }

  /** Reads the disk and looks for a leader. @throws RottenLogError */
  start(): void {
    const { disk } = this.machine;
    disk.restore(this.core);
    this.core.finishRestore(this.nowMs);
    this.#election.open();
    this.inTurn(() => {
      const { acceptedEpoch: accepted, currentEpoch: current } = disk;
      this.core.joinEnsemble({ accepted, current });
    });
    this.world.network.listen(this.name, 'client', (socket) => this.#acceptClient(socket));
    this.tickAfter(this.machine.random.between(0, this.world.options.tickTimeMs));
  }

  /** Who belongs to the ensemble, and has a say, as this process understands it. */
  protected membership(): Membership {
    return this.machine.disk.membership;
  }

  /** One whole packet of another server arrived. */
  onPacket(link: SimulatedLink, bytes: Uint8Array, start: number, end: number): void {
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
    this.finishTurn();
  }

  protected onClientGone(client: Client): void {
    this.turn.onClientClosed(client);
  }

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
      resume: (link) => this.afterTurn(() => (link as SimulatedLink).onResumed()),
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
      activateMembership: (membership) => {
        this.activateMembership(membership);
        this.#election.connectAll();
      },
      closeClients: () => this.afterTurn(() => this.closeClients()),
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
    this.sendToClient(client, sentBytes.of(out.bytes, 0, out.length));
    if (client.closing === undefined) return;
    client.socket.end();
    this.afterTurn(() => this.onClientEnd(client));
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
      this.finishTurn();
    });
  }

  #sendToPeer(link: SimulatedLink, out: JuteWriter): void {
    const { insertion } = link;
    if (!link.isClosed) {
      if (insertion === undefined) this.sendToPeer(link, sentBytes.of(out.bytes, 0, out.length));
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
    this.afterTurn(() => this.inTurn((member) => member.onPeerClosed(link)));
  }

  /** Whole packets for another server. */
  protected sendToPeer(link: SimulatedLink, bytes: Uint8Array): void {
    this.world.checks.onPeerBytes(this, bytes);
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
