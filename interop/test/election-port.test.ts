/**
 * The ports between servers against a real server: a test plays one member of three, by the classes that ours has for it, and
 * Apache's server, another one, elects, leads and follows it. The third is never there.
 */
import { join } from 'node:path';
import { DataTree, type NewState, type ServerCore } from '@zooid/core';
import {
  decodeAckEpoch,
  decodeQuorumPacket,
  encodeAckEpoch,
  encodeLeaderInfo,
  encodeLearnerInfo,
  encodeQuorumPacket,
  JuteReader,
  JuteWriter,
  type Notification,
  QUORUM_PROTOCOL_VERSION,
  type QuorumPacket,
  QuorumPacketType,
  ServerState,
} from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../packages/server/src/clock.ts';
import { recovery } from '../../packages/server/src/disk/recovery.ts';
import {
  ElectionPort,
  type ElectionPortFact,
} from '../../packages/server/src/net/election-port.ts';
import { LeaderConnector } from '../../packages/server/src/net/leader-connector.ts';
import { LearnerPort } from '../../packages/server/src/net/learner-port.ts';
import { NameLookup } from '../../packages/server/src/net/name-lookup.ts';
import {
  type QuorumConnection,
  type QuorumConnectionParts,
  type QuorumEvents,
  UNSENT_BYTES_MAX_DEFAULT,
} from '../../packages/server/src/net/quorum-connection.ts';
import { newCore } from '../../packages/server/test/disk/core-support.ts';
import { runAtOnce } from '../../packages/server/test/disk/support.ts';
import { ApacheMember, type MemberPorts, threeMembers } from '../harness/apache-member.ts';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { pollUntil } from '../harness/process.ts';
import { TestServer } from '../harness/server.ts';
import { writeEverything } from '../harness/write-everything.ts';

const missing = missingPeer('apache');
/** More than Apache's `fastleader.finalizeWait`, 200. */
const REPEAT_MS = 400;
const EPOCH_1 = 2 ** 32;

/** Our side of an election, by hand. */
class Voter implements AsyncDisposable {
  readonly heard: { readonly from: number; readonly notification: Notification }[] = [];
  readonly changes: string[] = [];
  readonly facts: ElectionPortFact[] = [];
  readonly port: ElectionPort;

  private constructor(id: number, members: ReadonlyMap<number, MemberPorts>) {
    this.port = new ElectionPort({
      serverId: id,
      listen: { host: '127.0.0.1', port: members.get(id)!.electionPort },
      peers: () => members,
      bindAttemptCountMax: 1,
      connectTimeoutMs: 5000,
      greetingTimeoutMs: 5000,
      names: new NameLookup(),
      clock: systemClock,
      events: {
        onNotification: (from, notification) => {
          const config = notification.config?.slice() ?? null;
          this.heard.push({ from, notification: { ...notification, config } });
        },
        onConnected: (server) => this.changes.push(`+${server}`),
        onDisconnected: (server) => this.changes.push(`-${server}`),
        onFact: (fact) => this.facts.push(fact),
      },
    });
  }

  static async open(id: number, members: ReadonlyMap<number, MemberPorts>): Promise<Voter> {
    const voter = new Voter(id, members);
    await voter.port.listen();
    return voter;
  }

  /**
   * The last notification of that server, once it passes. Until then sends `own` every now and then: Apache's server decides when
   * for a while nothing has come.
   */
  until(
    from: number,
    passes: (notification: Notification) => boolean,
    own: (last: Notification | undefined) => Notification | undefined = () => undefined,
  ): Promise<Notification> {
    let dueMs = 0;
    return pollUntil(
      async () => {
        const last = this.heard.findLast((each) => each.from === from)?.notification;
        if (last !== undefined && passes(last)) return last;
        const reply = performance.now() < dueMs ? undefined : own(last);
        if (reply === undefined) return undefined;
        this.port.send(from, reply);
        dueMs = performance.now() + REPEAT_MS;
        return undefined;
      },
      30_000,
      () => `a notification of ${from}; heard ${this.heard.map(textOf).join(', ')}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.port.close();
  }
}

function textOf({ notification }: { readonly notification: Notification }): string {
  const { state, leader, zxid, electionEpoch } = notification;
  return `state ${state} leader ${leader} zxid ${zxid} round ${electionEpoch}`;
}

/** Votes as the other one does, so that it is elected. */
function assent(last: Notification | undefined): Notification | undefined {
  return last === undefined ? undefined : { ...last, state: ServerState.looking };
}

/** Packets that came over one link, and snapshots. */
class QuorumSide implements QuorumEvents {
  readonly links: QuorumConnection[] = [];
  readonly packets: QuorumPacket[] = [];
  readonly states: NewState[] = [];
  readonly troubles: string[] = [];

  readonly parts: QuorumConnectionParts = {
    events: this,
    newTree: () => new DataTree({ digestEnabled: true }),
    dataBytesMax: 2_000_000,
    unsentBytesMax: UNSENT_BYTES_MAX_DEFAULT,
  };

  beginTurn(): void {}
  endTurn(): void {}
  onPacket(link: QuorumConnection, bytes: Uint8Array, start: number, end: number): void {
    const packet = decodeQuorumPacket(new JuteReader(bytes.slice(start, end)));
    this.packets.push(packet);
    if (packet.type === QuorumPacketType.snap) link.incoming = 'snapshot';
  }
  onMalformed(_: QuorumConnection, message: string): void {
    this.troubles.push(message);
  }
  onSnapshotProgress(): void {}
  onSnapshotReceived(_: QuorumConnection, state: NewState): void {
    this.states.push(state);
  }
  onSnapshotSent(): void {}
  onClosed(_: QuorumConnection, reason: string | undefined): void {
    this.troubles.push(`closed: ${reason}`);
  }

  link(): Promise<QuorumConnection> {
    return pollUntil(
      async () => this.links[0],
      30_000,
      () => `a link; ${this.troubles.join(', ')}`,
    );
  }

  packet(type: number): Promise<QuorumPacket> {
    return pollUntil(
      async () => this.packets.find((packet) => packet.type === type),
      30_000,
      () =>
        `a packet of type ${type}; ${this.packets.map((packet) => packet.type)} ${this.troubles}`,
    );
  }
}

function send(
  link: QuorumConnection,
  type: number,
  zxid: number,
  write?: (writer: JuteWriter) => void,
): void {
  const data = new JuteWriter();
  write?.(data);
  const out = new JuteWriter();
  encodeQuorumPacket(out, {
    type,
    zxid,
    data: write === undefined ? null : data.copy(),
    authinfo: null,
  });
  link.send(out);
}

/** A data directory that Apache's server wrote everything into. */
async function writtenServer(): Promise<TestServer> {
  const server = await TestServer.start('apache', {
    properties: { 'zookeeper.extendedTypesEnabled': 'true' },
  });
  await writeEverything(server.port, '/everything');
  await server.stop();
  return server;
}

/** What our server would have after a restart with these files. */
function restored(dataDir: string): ServerCore {
  const { core } = newCore();
  const directory = join(dataDir, 'version-2');
  const steps = recovery(
    {
      snapshotDirectory: directory,
      logDirectory: directory,
      missingSnapshot: 'refused',
      digest: 'compared',
      tornTail: 'repaired',
    },
    {
      tree: core.tree,
      onSession: (id, timeoutMs) => core.restoreSession(id, timeoutMs),
      onSnapshotLoaded: (zxid, fuzzyUntil) => core.restoredSnapshot(zxid, fuzzyUntil),
      onTxn: (bytes, start, end) => core.replayTxn(bytes, start, end),
    },
  );
  runAtOnce(steps);
  return core;
}

describe.skipIf(missing !== undefined)(suiteTitle("Apache's election port", missing), () => {
  test.each([
    ['the larger id', 2, 1],
    ['the smaller id', 1, 2],
  ])(
    'a server with %s votes with us, also after we were away, and is elected by us',
    async (_, java, ours) => {
      const members = await threeMembers();
      let round: bigint;
      {
        await using voter = await Voter.open(ours, members);
        await using _member = await ApacheMember.start({ id: java, members });
        const first = await voter.until(java, () => true);
        expect(first).toMatchObject({
          state: ServerState.looking,
          leader: BigInt(java),
          version: 2,
        });
        expect(Buffer.from(first.config!).toString()).toContain(`server.${java}=127.0.0.1:`);
        expect(voter.changes).toEqual([`+${java}`]);
        round = first.electionEpoch;
        await voter.port.close();

        // Now it is us who call, and it believes in the connection that was.
        await using again = await Voter.open(ours, members);
        const vote = { ...first, electionEpoch: round - 1n };
        await again.until(
          java,
          () => true,
          () => vote,
        );
        const leading = await again.until(
          java,
          ({ state }) => state === ServerState.leading,
          assent,
        );
        expect(leading).toMatchObject({ leader: BigInt(java), electionEpoch: round });
        expect(again.changes).toEqual([`+${java}`]);
      }
    },
  );
});

describe.skipIf(missing !== undefined)(suiteTitle("Apache's quorum port", missing), () => {
  test('its leader sends a snapshot that we read into the same tree', async () => {
    await using written = await writtenServer();
    const members = await threeMembers();
    await using voter = await Voter.open(1, members);
    await using _member = await ApacheMember.start({
      id: 2,
      members,
      dataDir: written.dataDir,
      properties: {
        'zookeeper.forceSnapshotSync': 'true',
        'zookeeper.extendedTypesEnabled': 'true',
      },
    });
    await voter.until(2, ({ state }) => state === ServerState.leading, assent);
    const side = new QuorumSide();
    const connector = new LeaderConnector({
      connection: side.parts,
      names: new NameLookup(),
      connectTimeoutMs: 5000,
      retryDelayMs: 20,
      onConnected: (link) => side.links.push(link),
      onRefused: () => {},
    });
    const { host, quorumPort } = members.get(2)!;
    connector.connectToLeader(() => ({ host, port: quorumPort }));
    const link = await side.link();
    try {
      send(link, QuorumPacketType.followerInfo, 0, (data) =>
        encodeLearnerInfo(data, {
          serverId: 1n,
          protocolVersion: QUORUM_PROTOCOL_VERSION,
          configVersion: 0n,
        }),
      );
      const { zxid } = await side.packet(QuorumPacketType.leaderInfo);
      expect(zxid).toBe(EPOCH_1);
      send(link, QuorumPacketType.ackEpoch, 0, (data) => encodeAckEpoch(data, { currentEpoch: 0 }));
      await side.packet(QuorumPacketType.newLeader);
    } finally {
      connector.close();
    }
    expect(side.packets.map(({ type }) => type)).toEqual([
      QuorumPacketType.leaderInfo,
      QuorumPacketType.snap,
      QuorumPacketType.newLeader,
    ]);
    const core = restored(written.dataDir);
    const [state] = side.states;
    expect(state!.zxid).toBe(core.lastAppliedZxid);
    expect(state!.tree.nodeCount).toBe(core.tree.nodeCount);
    expect(state!.tree.digest).toBe(core.tree.digest);
    const { sessions } = core.snapshotHead();
    expect(new Map(state!.sessions)).toEqual(new Map(sessions.map((s) => [s.id, s.timeoutMs])));
  });

  test('its follower takes a snapshot that we send, and stores the same tree', async () => {
    await using written = await writtenServer();
    const core = restored(written.dataDir);
    const members = await threeMembers();
    await using voter = await Voter.open(2, members);
    const side = new QuorumSide();
    const { host, quorumPort } = members.get(2)!;
    const learnerPort = new LearnerPort({
      listen: () => ({ host, port: quorumPort }),
      connection: side.parts,
      onConnected: (link) => side.links.push(link),
      onListening: () => {},
      onListenFailed: (error) => side.troubles.push(error.message),
      onTooMany: () => {},
    });
    learnerPort.acceptLearners();
    await using member = await ApacheMember.start({
      id: 1,
      members,
      properties: { 'zookeeper.extendedTypesEnabled': 'true' },
    });
    try {
      const { lastAppliedZxid } = core;
      const first = await voter.until(1, () => true);
      // Our history goes further: it votes for us, and a quorum does.
      const stand = { leader: 2n, zxid: BigInt(lastAppliedZxid), state: ServerState.looking };
      await voter.until(
        1,
        ({ state }) => state === ServerState.following,
        (last) => ({ ...last!, ...stand }),
      );
      const link = await side.link();
      await side.packet(QuorumPacketType.followerInfo);
      send(link, QuorumPacketType.leaderInfo, EPOCH_1, (data) =>
        encodeLeaderInfo(data, { protocolVersion: QUORUM_PROTOCOL_VERSION }),
      );
      const ackEpoch = await side.packet(QuorumPacketType.ackEpoch);
      expect(decodeAckEpoch(new JuteReader(ackEpoch.data!)).currentEpoch).toBe(0);
      send(link, QuorumPacketType.snap, lastAppliedZxid);
      link.sendSnapshot(core.snapshotHead(), (out) => core.beginImage(out));
      send(link, QuorumPacketType.newLeader, EPOCH_1, (data) =>
        data.raw(first.config!, 0, first.config!.byteLength),
      );
      const ack = await side.packet(QuorumPacketType.ack);
      expect(ack.zxid).toBe(EPOCH_1);
    } finally {
      learnerPort.close();
    }
    // It acknowledges when the snapshot is on its disk.
    const stored = restored(member.dataDir);
    expect(stored.lastAppliedZxid).toBe(core.lastAppliedZxid);
    expect(stored.tree.digest).toBe(core.tree.digest);
    // Apache's server writes them in the order of a hash table.
    expect(sessionsOf(stored)).toEqual(sessionsOf(core));
  });
});

function sessionsOf(core: ServerCore): ReadonlyMap<bigint, number> {
  return new Map(core.snapshotHead().sessions.map(({ id, timeoutMs }) => [id, timeoutMs]));
}
