import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { DataTree } from '@zooid/core';
import { encodeQuorumPacket, JuteWriter } from '@zooid/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { LeaderConnector } from '../../src/net/leader-connector.ts';
import { LearnerPort } from '../../src/net/learner-port.ts';
import { NameLookup } from '../../src/net/name-lookup.ts';
import type {
  QuorumConnection,
  QuorumConnectionParts,
  QuorumEvents,
} from '../../src/net/quorum-connection.ts';
import { freePort } from './free-port.ts';
import { Happenings } from './until.ts';

const HOST = '127.0.0.1';
const PING = new JuteWriter();
encodeQuorumPacket(PING, { type: 5, zxid: -1, data: null, authinfo: null });

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

/** Links as they come, and what happens on them. */
class Side {
  readonly links: QuorumConnection[] = [];
  readonly log: string[] = [];
  readonly happenings = new Happenings();
  #isInTurn = false;

  readonly #events: QuorumEvents = {
    beginTurn: () => {
      expect(this.#isInTurn).toBe(false);
      this.#isInTurn = true;
    },
    endTurn: () => {
      this.#isInTurn = false;
      this.happenings.tell();
    },
    onPacket: () => this.log.push('packet'),
    onMalformed: () => {},
    onSnapshotProgress: () => {},
    onSnapshotReceived: () => {},
    onSnapshotSent: () => {},
    onClosed: () => this.log.push('closed'),
  };

  readonly connection: QuorumConnectionParts = {
    events: this.#events,
    newTree: () => new DataTree({ digestEnabled: true }),
    dataBytesMax: 1000,
    unsentBytesMax: 1_000_000,
  };

  readonly onConnected = (link: QuorumConnection): void => {
    expect(this.#isInTurn).toBe(true);
    this.links.push(link);
  };

  tell(entry: string): void {
    this.log.push(entry);
    this.happenings.tell();
  }

  until(isSo: () => boolean): Promise<void> {
    return this.happenings.until(isSo);
  }
}

function openPort(port: number): [LearnerPort, Side] {
  const side = new Side();
  const learnerPort = new LearnerPort({
    listen: () => ({ host: HOST, port }),
    connection: side.connection,
    onConnected: side.onConnected,
    onListening: (listening) => side.tell(`listening ${listening}`),
    onListenFailed: (error) => side.tell(`failed ${(error as NodeJS.ErrnoException).code}`),
    onTooMany: () => side.tell('too many'),
  });
  cleanUps.push(() => learnerPort.close());
  return [learnerPort, side];
}

function newConnector(): [LeaderConnector, Side] {
  const side = new Side();
  const connector = new LeaderConnector({
    connection: side.connection,
    names: new NameLookup(),
    connectTimeoutMs: 10_000,
    retryDelayMs: 20,
    onConnected: side.onConnected,
    onRefused: (address, error) =>
      side.tell(`refused ${address.port} ${(error as NodeJS.ErrnoException).code}`),
  });
  cleanUps.push(() => connector.close());
  return [connector, side];
}

describe('a leader and its learners', () => {
  test('are connected, and packets go both ways', async () => {
    const port = await freePort();
    const [learnerPort, leader] = openPort(port);
    const [connector, learner] = newConnector();
    connector.connectToLeader(() => ({ host: HOST, port }));
    await learner.until(() => learner.log.length > 0);
    learnerPort.acceptLearners();
    await learner.until(() => learner.links.length === 1);
    await leader.until(() => leader.links.length === 1);
    // However often it was tried, it is told once.
    expect(learner.log).toEqual([`refused ${port} ECONNREFUSED`]);
    learner.links[0]!.send(PING);
    leader.links[0]!.send(PING);
    await leader.until(() => leader.log.includes('packet'));
    await learner.until(() => learner.log.includes('packet'));
  });

  test('come and go as often as there is an election, on one port, at once', async () => {
    const port = await freePort();
    const [learnerPort, leader] = openPort(port);
    const [connector, learner] = newConnector();
    for (let round = 1; round <= 20; round++) {
      learnerPort.acceptLearners();
      learnerPort.acceptLearners();
      connector.connectToLeader(() => ({ host: HOST, port }));
      await leader.until(() => leader.links.length === round);
      await learner.until(() => learner.links.length === round);
      learnerPort.refuseLearners();
      // Links that exist stay, and do not keep the port from being listened on again.
    }
    expect(leader.log).toEqual(Array.from({ length: 20 }, () => `listening ${port}`));
    leader.links[0]!.send(PING);
    await learner.until(() => learner.log.includes('packet'));
    learnerPort.close();
    await learner.until(() => learner.log.filter((entry) => entry === 'closed').length === 20);
  });
});

describe('a learner', () => {
  test('that gave up is not connected', async () => {
    const port = await freePort();
    const [connector, learner] = newConnector();
    connector.connectToLeader(() => ({ host: HOST, port }));
    await learner.until(() => learner.log.length > 0);
    connector.cancel();
    const sockets: Socket[] = [];
    await using server = createServer((socket) => sockets.push(socket)).listen(port, HOST);
    await once(server, 'listening');
    // Whoever asked for the connection before this one would have it by now.
    const [other, otherSide] = newConnector();
    other.connectToLeader(() => ({ host: HOST, port }));
    await otherSide.until(() => otherSide.links.length === 1);
    expect(learner.links).toEqual([]);
    other.close();
  });

  test('asks for the address at each attempt, and waits while there is none', async () => {
    const port = await freePort();
    const [learnerPort] = openPort(port);
    learnerPort.acceptLearners();
    const nobody = await freePort();
    const answers = [undefined, { host: HOST, port: nobody }, { host: HOST, port }];
    const [connector, learner] = newConnector();
    connector.connectToLeader(() => answers.shift());
    await learner.until(() => learner.links.length === 1);
    expect(learner.log).toEqual([`refused ${nobody} ECONNREFUSED`]);
  });
});

describe('a leader', () => {
  test('whose port somebody else has listens as soon as it is free', async () => {
    const server = createServer().listen(0, HOST);
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const [learnerPort, leader] = openPort(port);
    learnerPort.acceptLearners();
    await leader.until(() => leader.log.length > 0);
    server.close();
    await leader.until(() => leader.log.length > 1);
    expect(leader.log).toEqual(['failed EADDRINUSE', `listening ${port}`]);
  });

  test('that refuses learners refuses them at once', async () => {
    const port = await freePort();
    const [learnerPort, leader] = openPort(port);
    learnerPort.acceptLearners();
    await leader.until(() => leader.log.length > 0);
    learnerPort.refuseLearners();
    const socket = connect(port, HOST);
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });
});
