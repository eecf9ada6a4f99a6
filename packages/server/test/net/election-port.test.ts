import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { ServerId } from '@zooid/core';
import {
  decodeInitialMessage,
  decodeNotification,
  encodeInitialMessage,
  encodeNotification,
  FrameSplitter,
  findInitialMessageEnd,
  INITIAL_MESSAGE_V1,
  INITIAL_MESSAGE_V2,
  type InitialMessage,
  JuteReader,
  JuteWriter,
  NOTIFICATION_BYTES_MAX,
  type Notification,
  OBSERVER_ID,
} from '@zooid/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import {
  ElectionPort,
  type ElectionPortFact,
  type ElectionPortParts,
} from '../../src/net/election-port.ts';
import { NameLookup } from '../../src/net/name-lookup.ts';
import type { PeerAddress } from '../../src/net/peer-address.ts';
import { freePort } from './free-port.ts';
import { Happenings } from './until.ts';

const HOST = '127.0.0.1';
const config = new TextEncoder().encode('version=0');

function vote(zxid: number, configuration: Uint8Array = config): Notification {
  return {
    state: 0,
    leader: 1n,
    zxid: BigInt(zxid),
    electionEpoch: 1n,
    peerEpoch: 0n,
    version: 2,
    config: configuration,
  };
}

function frameOf(notification: Notification): Uint8Array {
  const writer = new JuteWriter();
  const mark = writer.startFrame();
  encodeNotification(writer, notification);
  writer.endFrame(mark);
  return writer.copy();
}

function greeting(serverId: bigint, parts: Partial<InitialMessage> = {}): Uint8Array {
  const writer = new JuteWriter();
  const addresses = ['127.0.0.1:1'];
  const protocolVersion = INITIAL_MESSAGE_V1;
  encodeInitialMessage(writer, { protocolVersion, serverId, addresses, ...parts });
  return writer.copy();
}

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

type StationParts = Partial<
  Pick<ElectionPortParts, 'listen' | 'bindAttemptCountMax' | 'greetingTimeoutMs'>
>;

/** An election port and all that it told. */
class Station {
  readonly id: ServerId;
  readonly peers = new Map<ServerId, PeerAddress>();
  readonly heard: { from: ServerId; zxid: number }[] = [];
  /** `+id` and `-id`. */
  readonly changes: string[] = [];
  readonly facts: ElectionPortFact[] = [];
  readonly happenings = new Happenings();
  readonly port: ElectionPort;
  nowMs = 0;
  #listening = 0;

  constructor(id: ServerId, wanted: StationParts = {}) {
    this.id = id;
    const tell = () => this.happenings.tell();
    this.port = new ElectionPort({
      serverId: id,
      listen: { host: HOST, port: 0 },
      peers: () => this.peers,
      bindAttemptCountMax: 1,
      connectTimeoutMs: 10_000,
      greetingTimeoutMs: 10_000,
      names: new NameLookup(),
      ...wanted,
      clock: { nowMs: () => this.nowMs },
      events: {
        onNotification: (from, { zxid }) => {
          this.heard.push({ from, zxid: Number(zxid) });
          tell();
        },
        onConnected: (server) => {
          this.changes.push(`+${server}`);
          tell();
        },
        onDisconnected: (server) => {
          this.changes.push(`-${server}`);
          tell();
        },
        onFact: (fact) => {
          this.facts.push(fact);
          tell();
        },
      },
    });
  }

  static async open(id: ServerId, wanted: StationParts = {}): Promise<Station> {
    const station = new Station(id, wanted);
    await station.open();
    return station;
  }

  async open(): Promise<void> {
    cleanUps.push(() => this.port.close());
    this.#listening = await this.port.listen();
    this.peers.set(this.id, this.address);
  }

  get address(): PeerAddress {
    return { host: HOST, electionPort: this.#listening, quorumPort: 1 };
  }

  until(isSo: () => boolean): Promise<void> {
    return this.happenings.until(isSo);
  }

  hasHeard(from: ServerId, zxid: number): boolean {
    return this.heard.some((each) => each.from === from && each.zxid === zxid);
  }
}

/** The other end of a connection, by hand. */
class Line {
  readonly socket: Socket;
  readonly happenings = new Happenings();
  initial: InitialMessage | undefined;
  readonly heard: number[] = [];
  isClosed = false;
  readonly #frames = new FrameSplitter(NOTIFICATION_BYTES_MAX);
  #bytes = Buffer.alloc(0);
  readonly #isAccepted: boolean;

  constructor(socket: Socket, isAccepted: boolean) {
    this.socket = socket;
    this.#isAccepted = isAccepted;
    cleanUps.push(() => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      this.happenings.tell();
    });
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  static async to(station: Station, ...bytes: Uint8Array[]): Promise<Line> {
    const socket = connect(station.address.electionPort, HOST);
    const line = new Line(socket, false);
    await once(socket, 'connect');
    for (const each of bytes) socket.write(each);
    return line;
  }

  until(isSo: () => boolean): Promise<void> {
    return this.happenings.until(isSo);
  }

  #take(chunk: Buffer): void {
    let rest: Uint8Array = chunk;
    if (this.#isAccepted && this.initial === undefined) {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      const end = findInitialMessageEnd(this.#bytes, 0, this.#bytes.byteLength);
      if (end < 0) return;
      this.initial = decodeInitialMessage(new JuteReader(this.#bytes.subarray(0, end)));
      rest = this.#bytes.subarray(end);
    }
    this.#frames.push(rest);
    while (this.#frames.next()) {
      const { bytes, frameStart, frameEnd } = this.#frames;
      const { zxid } = decodeNotification(new JuteReader(bytes.slice(frameStart, frameEnd)));
      this.heard.push(Number(zxid));
    }
    this.happenings.tell();
  }
}

/** Listens as another server does, by hand. */
class Switchboard {
  readonly lines: Line[] = [];
  readonly happenings = new Happenings();
  readonly #server: Server = createServer((socket) => {
    this.lines.push(new Line(socket, true));
    this.happenings.tell();
  });

  static async open(port = 0): Promise<Switchboard> {
    const board = new Switchboard();
    board.#server.listen(port, HOST);
    await once(board.#server, 'listening');
    cleanUps.push(() => board.#server.close());
    return board;
  }

  get address(): PeerAddress {
    const { port } = this.#server.address() as AddressInfo;
    return { host: HOST, electionPort: port, quorumPort: 1 };
  }

  get text(): string {
    return `${HOST}:${this.address.electionPort}`;
  }

  async line(index: number): Promise<Line> {
    await this.happenings.until(() => this.lines.length > index);
    const line = this.lines[index]!;
    await line.until(() => line.initial !== undefined);
    return line;
  }
}

describe('two servers', () => {
  test.each([
    ['the larger id', 2],
    ['the smaller id', 1],
  ])('have one connection when %s begins', async (_, first) => {
    const stations = new Map([
      [1, await Station.open(1)],
      [2, await Station.open(2)],
    ]);
    for (const { peers } of stations.values()) {
      for (const each of stations.values()) peers.set(each.id, each.address);
    }
    const caller = stations.get(first)!;
    const called = stations.get(3 - first)!;
    caller.port.send(called.id, vote(11));
    await called.until(() => called.hasHeard(caller.id, 11));
    called.port.send(caller.id, vote(12));
    await caller.until(() => caller.hasHeard(called.id, 12));
    expect(caller.changes).toEqual([`+${called.id}`]);
    expect(called.changes).toEqual([`+${caller.id}`]);
    expect([...caller.facts, ...called.facts]).toEqual([]);
  });

  test('that call each other at the same time end up with one connection, whole on both sides', async () => {
    const one = await Station.open(1);
    const two = await Station.open(2);
    for (const { peers } of [one, two]) peers.set(1, one.address).set(2, two.address);
    one.port.send(2, vote(1));
    two.port.send(1, vote(2));
    await one.until(() => one.hasHeard(2, 2));
    await two.until(() => two.hasHeard(1, 1));
    one.port.send(2, vote(3));
    two.port.send(1, vote(4));
    await one.until(() => one.hasHeard(2, 4));
    await two.until(() => two.hasHeard(1, 3));
    expect(one.changes).toEqual(['+2']);
    expect(two.changes).toEqual(['+1']);
  });

  test('are connected by connectAll, too', async () => {
    const one = await Station.open(1);
    const two = await Station.open(2);
    one.peers.set(2, two.address);
    two.peers.set(1, one.address);
    one.port.connectAll();
    await one.until(() => one.port.isConnected(2));
    await two.until(() => two.port.isConnected(1));
  });
});

describe('a server that calls', () => {
  test.each<[string, Uint8Array]>([
    ['its version and its address', greeting(9n)],
    [
      'several addresses',
      greeting(9n, { protocolVersion: INITIAL_MESSAGE_V2, addresses: ['a:1', 'b:2'] }),
    ],
    ['its id alone, as 3.4 does', greeting(9n, { protocolVersion: null, addresses: [] })],
  ])('is known by %s, in any pieces', async (_, bytes) => {
    const station = await Station.open(3);
    const notification = frameOf(vote(5));
    const line = await Line.to(station);
    for (const byte of [...bytes, ...notification]) line.socket.write(Uint8Array.of(byte));
    line.socket.write(frameOf(vote(6)));
    await station.until(() => station.hasHeard(9, 6));
    expect(station.heard).toEqual([
      { from: 9, zxid: 5 },
      { from: 9, zxid: 6 },
    ]);
    expect(station.changes).toEqual(['+9']);
  });

  test('with a larger id is told things, be it in the list or not', async () => {
    const station = await Station.open(3);
    const line = await Line.to(station, greeting(9n));
    await station.until(() => station.port.isConnected(9));
    station.port.send(9, vote(7));
    await line.until(() => line.heard.includes(7));
    line.socket.destroy();
    await station.until(() => !station.port.isConnected(9));
    // It is in no list and has gone: nobody to tell, and nothing to try.
    station.port.send(9, vote(8));
    const again = await Line.to(station, greeting(9n));
    await station.until(() => station.port.isConnected(9));
    station.port.send(9, vote(10));
    await again.until(() => again.heard.length > 0);
    expect(again.heard).toEqual([10]);
  });

  test('with a smaller id is hung up on and called back where it says', async () => {
    const station = await Station.open(3);
    const board = await Switchboard.open();
    const nobody = await freePort();
    station.peers.set(1, { host: HOST, electionPort: nobody, quorumPort: 1 });
    const line = await Line.to(station, greeting(1n, { addresses: [board.text] }));
    const back = await board.line(0);
    await line.until(() => line.isClosed);
    expect(back.initial).toEqual({
      protocolVersion: INITIAL_MESSAGE_V1,
      serverId: 3n,
      addresses: [`${HOST}:${station.address.electionPort}`],
    });
    back.socket.write(frameOf(vote(5)));
    await station.until(() => station.hasHeard(1, 5));
  });

  test.each<[string, readonly string[]]>([
    ['that it listens everywhere', ['0.0.0.0:3888']],
    ['nonsense', ['nonsense', '[::1']],
  ])(
    'with a smaller id is called back where the list says when it says %s',
    async (_, addresses) => {
      const station = await Station.open(3);
      const board = await Switchboard.open();
      station.peers.set(1, board.address);
      await Line.to(station, greeting(1n, { addresses }));
      await board.line(0);
      await station.until(() => station.port.isConnected(1));
    },
  );

  test('with a smaller id, unknown, without an address, is reported', async () => {
    const station = await Station.open(3);
    const bytes = greeting(1n, { protocolVersion: null, addresses: [] });
    const line = await Line.to(station, bytes);
    await line.until(() => line.isClosed);
    expect(station.facts).toEqual([{ kind: 'election-nowhere-to-call', server: 1, address: HOST }]);
  });

  test('without an id, as observers were before 3.5, keeps its connection under a negative one', async () => {
    const station = await Station.open(3);
    const bytes = greeting(OBSERVER_ID, { protocolVersion: null, addresses: [] });
    const first = await Line.to(station, bytes, frameOf(vote(5)));
    await station.until(() => station.hasHeard(-1, 5));
    await Line.to(station, bytes, frameOf(vote(6)));
    await station.until(() => station.hasHeard(-2, 6));
    station.port.send(-1, vote(7));
    await first.until(() => first.heard.includes(7));
  });

  test('again replaces its old connection, and nobody was ever disconnected', async () => {
    const station = await Station.open(3);
    const old = await Line.to(station, greeting(9n));
    await station.until(() => station.port.isConnected(9));
    const fresh = await Line.to(station, greeting(9n), frameOf(vote(5)));
    await station.until(() => station.hasHeard(9, 5));
    await old.until(() => old.isClosed);
    station.port.send(9, vote(6));
    await fresh.until(() => fresh.heard.includes(6));
    expect(station.changes).toEqual(['+9']);
  });

  test("with this server's own id is hung up on and reported", async () => {
    const station = await Station.open(3);
    const line = await Line.to(station, greeting(3n));
    await line.until(() => line.isClosed);
    expect(station.facts).toEqual([{ kind: 'election-same-id', address: HOST }]);
  });
});

describe('what is told', () => {
  test('is told again on a new connection, to that server alone, and only the newest', async () => {
    const station = await Station.open(3);
    const board = await Switchboard.open();
    const other = await Switchboard.open();
    station.peers.set(1, board.address).set(2, other.address);
    station.port.send(1, vote(5));
    station.port.send(1, vote(6));
    station.port.send(2, vote(7));
    const first = await board.line(0);
    await first.until(() => first.heard.length > 0);
    expect(first.heard).toEqual([6]);
    const unrelated = await other.line(0);
    await unrelated.until(() => unrelated.heard.length > 0);
    first.socket.destroy();
    await station.until(() => !station.port.isConnected(1));
    station.port.connectAll();
    const second = await board.line(1);
    await second.until(() => second.heard.length > 0);
    expect(second.heard).toEqual([6]);
    expect(unrelated.heard).toEqual([7]);
    expect(other.lines).toHaveLength(1);
  });

  test('waits for a server that does not read, the newest alone', async () => {
    const station = await Station.open(3);
    const board = await Switchboard.open();
    station.peers.set(1, board.address);
    station.port.connectAll();
    const line = await board.line(0);
    line.socket.pause();
    const large = new Uint8Array(NOTIFICATION_BYTES_MAX - 100);
    for (let zxid = 1; zxid <= 100; zxid++) station.port.send(1, vote(zxid, large));
    line.socket.resume();
    await line.until(() => line.heard.includes(100));
    expect(line.heard.length).toBeLessThan(100);
    expect(line.heard.toSorted((a, b) => a - b)).toEqual(line.heard);
  });

  test('reaches a server that listens later, when it is asked for again', async () => {
    const station = await Station.open(3);
    const port = await freePort();
    station.peers.set(1, { host: HOST, electionPort: port, quorumPort: 1 });
    station.port.send(1, vote(5));
    // While the attempt is in flight, no other one begins.
    station.port.send(1, vote(6));
    await station.until(() => station.facts.length > 0);
    const board = await Switchboard.open(port);
    station.port.connectAll();
    const line = await board.line(0);
    await line.until(() => line.heard.includes(6));
    expect(station.facts).toMatchObject([
      { kind: 'election-peer-unreachable', server: 1, address: `${HOST}:${port}` },
    ]);
  });

  test('goes to where the list says at that moment', async () => {
    const station = await Station.open(3);
    const board = await Switchboard.open();
    station.peers.set(1, { host: HOST, electionPort: await freePort(), quorumPort: 1 });
    station.port.send(1, vote(5));
    await station.until(() => station.facts.length > 0);
    station.peers.set(1, board.address);
    station.port.send(1, vote(6));
    const line = await board.line(0);
    await line.until(() => line.heard.includes(6));
  });
});

describe('a connection', () => {
  test('on which nothing was heard for long is replaced when the election asks', async () => {
    const station = await Station.open(3);
    const board = await Switchboard.open();
    station.peers.set(1, board.address);
    station.port.send(1, vote(5));
    const first = await board.line(0);
    await first.until(() => first.heard.length > 0);
    station.port.connectAll();
    station.nowMs = 10_001;
    station.port.connectAll();
    const second = await board.line(1);
    await second.until(() => second.heard.includes(5));
    await first.until(() => first.isClosed);
    expect(station.changes).toEqual(['+1']);
  });

  test('that is doubted is over when the server cannot be reached', async () => {
    const station = await Station.open(3);
    const line = await Line.to(station, greeting(9n));
    await station.until(() => station.port.isConnected(9));
    station.peers.set(9, { host: HOST, electionPort: await freePort(), quorumPort: 1 });
    station.port.send(9, vote(5));
    await line.until(() => line.heard.length > 0);
    station.nowMs = 10_001;
    station.port.connectAll();
    await station.until(() => station.changes.includes('-9'));
  });

  test('that the other side makes anew because it was knocked at was never lost', async () => {
    const station = await Station.open(3);
    const board = await Switchboard.open();
    station.peers.set(9, board.address);
    station.port.send(9, vote(5));
    await board.line(0);
    // It had called by itself, and then reads the knock: Apache's server hangs up first.
    const first = await Line.to(station, greeting(9n));
    await first.until(() => first.heard.includes(5));
    first.socket.destroy();
    await first.until(() => first.isClosed);
    const second = await Line.to(station, greeting(9n));
    await second.until(() => second.heard.includes(5));
    expect(station.changes).toEqual(['+9']);
    // When it goes for good, it is missed.
    second.socket.destroy();
    await station.until(() => station.changes.length > 1);
    expect(station.changes).toEqual(['+9', '-9']);
  });

  test('whose end is lost while knocking is asked for again after a while', async () => {
    const station = await Station.open(3);
    const board = await Switchboard.open();
    station.peers.set(9, board.address);
    station.port.send(9, vote(5));
    const first = await board.line(0);
    // It has the larger id: it reads who calls and should call back, but does not.
    await first.until(() => first.isClosed);
    station.port.send(9, vote(6));
    const second = await board.line(1);
    expect(second.initial?.serverId).toBe(3n);
    expect(station.changes).toEqual([]);
  });
});

describe('malformed input', () => {
  const offences: [string, Uint8Array[], string][] = [
    ['an unknown version', [greeting(9n, { protocolVersion: -5n })], 'version -5'],
    ['a negative server id', [greeting(-9n)], 'a server id of -9'],
    ['a server id that no number holds', [greeting(2n ** 60n)], 'a server id of'],
    ['an address that is too long', [greeting(9n, { addresses: ['x'.repeat(3000)] })], '3000'],
    ['half of who it is', [greeting(9n).subarray(0, 15)], 'closed before it said who it is'],
    ['a frame of no bytes', [greeting(9n), new Uint8Array(4)], ''],
    ['a frame of negative length', [greeting(9n), new Uint8Array(4).fill(255)], '-1 bytes'],
    [
      'a frame that is too long',
      [greeting(9n), Uint8Array.of(0, 8, 0, 1)],
      `${NOTIFICATION_BYTES_MAX + 1} bytes`,
    ],
    ['a notification cut short', [greeting(9n), Uint8Array.of(0, 0, 0, 5, 1, 2, 3, 4, 5)], ''],
  ];

  test.each(offences)('%s ends that connection and no other', async (_, bytes, message) => {
    const station = await Station.open(3);
    const good = await Line.to(station, greeting(8n));
    await station.until(() => station.port.isConnected(8));
    const bad = await Line.to(station, ...bytes);
    bad.socket.end();
    await bad.until(() => bad.isClosed);
    await station.until(() => station.facts.length > 0);
    expect(station.facts).toMatchObject([
      { kind: 'election-malformed', message: expect.stringContaining(message) },
    ]);
    station.port.send(8, vote(5));
    await good.until(() => good.heard.includes(5));
  });

  test('a connection that says nothing is ended in time', async () => {
    const station = await Station.open(3, { greetingTimeoutMs: 30 });
    const line = await Line.to(station);
    await line.until(() => line.isClosed);
    expect(station.facts).toMatchObject([
      { kind: 'election-malformed', message: expect.stringContaining('within 30 ms') },
    ]);
  });

  test('of too many connections that say nothing the oldest is ended, and a server still gets in', async () => {
    const station = await Station.open(3);
    const lines: Line[] = [];
    for (let i = 0; i < 64; i++) lines.push(await Line.to(station, greeting(9n).subarray(0, 8)));
    await Line.to(station, greeting(9n));
    await lines[0]!.until(() => lines[0]!.isClosed);
    await station.until(() => station.port.isConnected(9));
    expect(lines.filter((line) => line.isClosed)).toHaveLength(1);
  });

  test('who only looks whether the port is open is no news', async () => {
    const station = await Station.open(3);
    const line = await Line.to(station);
    line.socket.end();
    await line.until(() => line.isClosed);
    await Line.to(station, greeting(9n));
    await station.until(() => station.port.isConnected(9));
    expect(station.facts).toEqual([]);
  });
});

test('a port that is closed lets go of everything and tells nothing more', async () => {
  const station = await Station.open(3);
  const line = await Line.to(station, greeting(9n));
  const greeted = await Line.to(station);
  await station.until(() => station.port.isConnected(9));
  station.peers.set(1, { host: HOST, electionPort: await freePort(), quorumPort: 1 });
  station.port.send(1, vote(5));
  const { electionPort } = station.address;
  await station.port.close();
  await line.until(() => line.isClosed);
  await greeted.until(() => greeted.isClosed);
  expect(station.changes).toEqual(['+9']);
  expect(station.facts).toEqual([]);
  await Switchboard.open(electionPort);
});

describe('a port that somebody else has', () => {
  async function occupied(): Promise<[Server, number]> {
    const server = createServer().listen(0, HOST);
    await once(server, 'listening');
    cleanUps.push(() => server.close());
    return [server, (server.address() as AddressInfo).port];
  }

  test('is tried again, and is listened on once it is free', async () => {
    const [server, port] = await occupied();
    const station = new Station(3, { listen: { host: HOST, port }, bindAttemptCountMax: 0 });
    const opened = station.open();
    await station.until(() => station.facts.length > 0);
    expect(station.facts).toMatchObject([{ kind: 'election-port-unavailable', port }]);
    server.close();
    await opened;
    expect(station.address.electionPort).toBe(port);
    await Line.to(station, greeting(9n));
    await station.until(() => station.port.isConnected(9));
  });

  test('is given up after as many attempts as there may be', async () => {
    const [, port] = await occupied();
    const listen = { host: HOST, port };
    const once = new Station(3, { listen, bindAttemptCountMax: 1 });
    await expect(once.open()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(once.facts).toEqual([]);
    const twice = new Station(3, { listen, bindAttemptCountMax: 2 });
    await expect(twice.open()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(twice.facts).toHaveLength(1);
  });

  test('is given up when the server ends', async () => {
    const [, port] = await occupied();
    const station = new Station(3, { listen: { host: HOST, port }, bindAttemptCountMax: 0 });
    const opened = expect(station.open()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await station.until(() => station.facts.length > 0);
    await station.port.close();
    await opened;
  });
});
