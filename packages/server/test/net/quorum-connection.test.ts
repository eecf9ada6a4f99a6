import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { DataTree, type NewState } from '@zooid/core';
import {
  decodeQuorumPacket,
  encodeQuorumPacket,
  JuteReader,
  JuteWriter,
  QuorumPacketType,
} from '@zooid/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { QuorumConnection, type QuorumEvents } from '../../src/net/quorum-connection.ts';
import { treeOf } from '../disk/support.ts';
import { Happenings } from './until.ts';

function packet(zxid: number, type: number = QuorumPacketType.ping, dataBytes = 0): Uint8Array {
  const writer = new JuteWriter();
  encodeQuorumPacket(writer, { type, zxid, data: new Uint8Array(dataBytes), authinfo: null });
  return writer.copy();
}

/** What a core would be told, in the order of it. */
class Recorder implements QuorumEvents {
  /** `(` and `)` for the ends of turns, zxids of packets, and words. */
  readonly log: string[] = [];
  readonly states: NewState[] = [];
  readonly happenings = new Happenings();
  closedBecause: string | undefined;
  isInTurn = false;
  /** Done with each packet. */
  onEach: (link: QuorumConnection, zxid: number, type: number) => void = () => {};

  beginTurn(): void {
    expect(this.isInTurn).toBe(false);
    this.isInTurn = true;
    this.log.push('(');
  }
  endTurn(): void {
    expect(this.isInTurn).toBe(true);
    this.isInTurn = false;
    this.log.push(')');
    this.happenings.tell();
  }
  onPacket(link: QuorumConnection, bytes: Uint8Array, start: number, end: number): void {
    const reader = new JuteReader();
    reader.reset(bytes, start, end);
    const { zxid, type } = decodeQuorumPacket(reader);
    expect(reader.remaining).toBe(0);
    this.#tell(String(zxid));
    this.onEach(link, zxid, type);
  }
  onMalformed(_: QuorumConnection, message: string): void {
    this.#tell(`malformed: ${message}`);
  }
  onSnapshotProgress(): void {
    this.#tell('progress');
  }
  onSnapshotReceived(_: QuorumConnection, state: NewState): void {
    this.states.push(state);
    this.#tell('received');
  }
  onSnapshotSent(): void {
    this.#tell('sent');
  }
  onClosed(link: QuorumConnection, reason: string | undefined): void {
    expect(link.isClosed).toBe(true);
    this.closedBecause = reason;
    this.#tell('closed');
  }

  /** Zxids of the packets. */
  get zxids(): number[] {
    return this.log.filter((each) => /^-?\d+$/.test(each)).map(Number);
  }

  has(entry: string): boolean {
    return this.log.includes(entry);
  }

  until(isSo: () => boolean): Promise<void> {
    return this.happenings.until(isSo);
  }

  #tell(entry: string): void {
    expect(this.isInTurn).toBe(true);
    this.log.push(entry);
  }
}

let server: Server;
let events: Recorder;
let link: QuorumConnection;
let peer: Socket;

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const recorder = new Recorder();
  events = recorder;
  [link, peer] = await openPair((socket) => newConnection(socket, recorder));
});

afterEach(() => {
  link.destroy();
  peer.destroy();
  server.close();
});

async function openPair<T>(wrap: (socket: Socket) => T): Promise<[T, Socket]> {
  const { port } = server.address() as { port: number };
  const accepted = once(server, 'connection');
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  const [other] = (await accepted) as [Socket];
  return [wrap(other), socket];
}

function newConnection(socket: Socket, recorder: Recorder): QuorumConnection {
  return new QuorumConnection(socket, {
    events: recorder,
    newTree: () => new DataTree({ digestEnabled: true }),
    dataBytesMax: 2_000_000,
    unsentBytesMax: 10_000_000,
  });
}

function outOf(...packets: readonly Uint8Array[]): JuteWriter {
  const out = new JuteWriter();
  for (const bytes of packets) out.raw(bytes, 0, bytes.byteLength);
  return out;
}

/** All that the peer gets until the end. */
async function readToEnd(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks);
}

describe('packets that arrive', () => {
  test('are handed in in their order, those of a chunk in one turn', async () => {
    peer.write(Buffer.concat([packet(1), packet(2), packet(3)]));
    await events.until(() => events.zxids.length === 3);
    expect(events.log).toEqual(['(', '1', '2', '3', ')']);
    expect(link.address).toBe('127.0.0.1');
  });

  test('are handed in whole, in whatever pieces they come', async () => {
    const stream = Buffer.concat([packet(1, 2, 300), packet(2), packet(3, 2, 1)]);
    peer.setNoDelay(true);
    for (const byte of stream) peer.write(Uint8Array.of(byte));
    await events.until(() => events.zxids.length === 3);
    expect(events.zxids).toEqual([1, 2, 3]);
  });

  test('wait while the link is held, each and every one, and come when it is resumed', async () => {
    events.onEach = (each) => {
      each.isHeld = true;
    };
    // More than one chunk, so that the socket is paused with something in it.
    const count = 50;
    for (let zxid = 1; zxid <= count; zxid++) peer.write(packet(zxid, 2, 10_000));
    for (let zxid = 1; zxid <= count; zxid++) {
      await events.until(() => events.zxids.length === zxid);
      expect(events.zxids.at(-1)).toBe(zxid);
      link.isHeld = false;
      link.resume();
      // Again, and nothing happens within the call.
      link.resume();
      expect(events.zxids).toHaveLength(zxid);
    }
  });

  test('that are none are told in the turn, after those before them, and nothing more is taken', async () => {
    const bad = new JuteWriter();
    bad.int(1);
    bad.longFromNumber(1);
    bad.int(-7);
    peer.write(Buffer.concat([packet(1), bad.copy(), packet(2)]));
    await events.until(() => events.log.length > 3);
    expect(events.log).toEqual(['(', '1', 'malformed: a quorum packet with data of -7 bytes', ')']);
    link.closing = 'malformed';
    link.send(new JuteWriter());
    await events.until(() => events.has('closed'));
    expect(events.zxids).toEqual([1]);
  });

  test('are not taken after the link is to be closed', async () => {
    events.onEach = (each) => {
      each.closing = 'unexpected-packet';
    };
    peer.write(Buffer.concat([packet(1), packet(2)]));
    await events.until(() => events.has('1'));
    peer.write(packet(3));
    link.send(outOf(packet(9)));
    expect(await readToEnd(peer)).toEqual(Buffer.from(packet(9)));
    await events.until(() => events.has('closed'));
    expect(events.zxids).toEqual([1]);
  });
});

describe('the end of a connection', () => {
  test('is told once, in a turn, whoever ended it', async () => {
    peer.end();
    await events.until(() => events.has('closed'));
    expect(events.log).toEqual(['(', 'closed', ')']);
    expect(events.closedBecause).toBeUndefined();
    link.send(outOf(packet(1)));
    link.resume();
    link.destroy();
  });

  test('has the reason that the system gives', async () => {
    peer.resetAndDestroy();
    await events.until(() => events.has('closed'));
    expect(events.closedBecause).toContain('ECONNRESET');
  });

  test('comes after everything that was to be sent', async () => {
    const large = packet(1, 2, 1_900_000);
    for (let i = 0; i < 3; i++) link.send(outOf(large));
    link.closing = 'role-ended';
    link.send(outOf(packet(2)));
    const received = await readToEnd(peer);
    expect(received.byteLength).toBe(3 * large.byteLength + packet(2).byteLength);
  });

  test('comes soon where the other side does not read', async () => {
    link.closing = 'role-ended';
    const large = packet(1, 2, 1_900_000);
    link.send(outOf(...Array.from({ length: 20 }, () => large)));
    // The peer never reads: it is a matter of a second.
    await events.until(() => events.has('closed'));
  });

  test('comes when too much waits to be read', async () => {
    const large = outOf(packet(1, 2, 1_900_000));
    while (link.closing === undefined) link.send(large);
    expect(link.closing).toBe('reads-too-slowly');
    expect(link.unsentBytes).toBeGreaterThan(10_000_000);
    expect(link.unsentBytes).toBeLessThan(12_000_000);
    await events.until(() => events.has('closed'));
  });
});

describe('a snapshot', () => {
  const SESSIONS = [{ id: 5n, timeoutMs: 4000 }];

  /** Another connection, at the other end. */
  async function openBoth(): Promise<[QuorumConnection, Recorder]> {
    const learnerEvents = new Recorder();
    learnerEvents.onEach = (each, _, type) => {
      if (type === QuorumPacketType.snap) each.incoming = 'snapshot';
    };
    link.destroy();
    const [leader, socket] = await openPair((each) => newConnection(each, events));
    link = leader;
    peer = socket;
    return [newConnection(socket, learnerEvents), learnerEvents];
  }

  function send(tree: DataTree, zxid: number): void {
    const { digest } = tree;
    const head = { zxid, digest, sessions: SESSIONS, acls: [...tree.acls.entries()] };
    link.sendSnapshot(head, (out) => tree.beginImage(out));
  }

  test('goes behind what was written before and ahead of what is written after, and is the same tree', async () => {
    const [learner, learnerEvents] = await openBoth();
    const tree = treeOf(20_000, 100);
    const { digest } = tree;
    link.out = outOf(packet(1), packet(77, QuorumPacketType.snap));
    send(tree, 77);
    expect(link.out.length).toBe(0);
    link.send(outOf(packet(2), packet(3)));
    // The tree goes on: what arrives is the moment of the call.
    tree.delete(tree.findPath('/z7'), 20_001);
    link.send(outOf(packet(4)));
    await learnerEvents.until(() => learnerEvents.has('4'));
    const entries = learnerEvents.log.filter((entry) => !'()'.includes(entry));
    expect(entries.filter((entry) => entry !== 'progress')).toEqual([
      ...['1', '77', 'received', '2', '3', '4'],
    ]);
    expect(entries).toContain('progress');
    const [state] = learnerEvents.states;
    expect(state!.zxid).toBe(77);
    expect(state!.tree.digest).toBe(digest);
    expect(state!.tree.findPath('/z7')).toBeGreaterThan(0);
    expect([...state!.sessions]).toEqual([[5n, 4000]]);
    await events.until(() => events.has('sent'));
    expect(events.log.filter((entry) => entry === 'sent')).toHaveLength(1);
    // Another one may follow.
    link.send(outOf(packet(78, QuorumPacketType.snap)));
    send(tree, 78);
    await learnerEvents.until(() => learnerEvents.states.length === 2);
    expect(learnerEvents.states[1]!.tree.digest).toBe(tree.digest);
    learner.destroy();
  });

  test('is followed by packets that wait while the link is held', async () => {
    const [learner, learnerEvents] = await openBoth();
    const tree = treeOf(10);
    learnerEvents.onEach = (each, _, type) => {
      if (type !== QuorumPacketType.snap) return;
      each.incoming = 'snapshot';
      each.isHeld = true;
    };
    link.send(outOf(packet(77, QuorumPacketType.snap)));
    send(tree, 77);
    link.send(outOf(packet(2)));
    await learnerEvents.until(() => learnerEvents.has('77'));
    expect(learnerEvents.states).toEqual([]);
    learner.isHeld = false;
    learner.resume();
    await learnerEvents.until(() => learnerEvents.has('2'));
    expect(learnerEvents.states[0]!.tree.digest).toBe(tree.digest);
    learner.destroy();
  });

  test('lets more wait behind it than a link may otherwise, but not all the world', async () => {
    const tree = treeOf(6000, 5000);
    const head = { zxid: 1, digest: undefined, sessions: SESSIONS, acls: [] };
    link.sendSnapshot(head, (out) => tree.beginImage(out));
    const large = outOf(packet(1, 2, 1_900_000));
    while (link.closing === undefined) link.send(large);
    expect(link.closing).toBe('reads-too-slowly');
    expect(link.unsentBytes).toBeGreaterThan(40_000_000);
    await events.until(() => events.has('closed'));
    tree.beginImage(new JuteWriter()).abandon();
  });

  test('is given up when the link closes, so that another image can begin', async () => {
    const tree = treeOf(6000, 5000);
    const head = { zxid: 1, digest: undefined, sessions: SESSIONS, acls: [] };
    link.sendSnapshot(head, (out) => tree.beginImage(out));
    // The peer does not read: it cannot be through.
    link.send(outOf(packet(2)));
    peer.destroy();
    await events.until(() => events.has('closed'));
    const entries = events.log.filter((entry) => !'()'.includes(entry));
    expect(entries).toEqual(['sent', 'closed']);
    tree.beginImage(new JuteWriter()).abandon();
  });

  test('is given up when this server hangs up', async () => {
    const tree = treeOf(6000, 5000);
    const head = { zxid: 1, digest: undefined, sessions: SESSIONS, acls: [] };
    link.sendSnapshot(head, (out) => tree.beginImage(out));
    link.closing = 'role-ended';
    link.send(new JuteWriter());
    await events.until(() => events.has('closed'));
    tree.beginImage(new JuteWriter()).abandon();
  });

  test('on a link that is gone already ends like any other', async () => {
    const tree = treeOf(1);
    link.destroy();
    const head = { zxid: 1, digest: undefined, sessions: SESSIONS, acls: [] };
    link.sendSnapshot(head, (out) => tree.beginImage(out));
    await events.until(() => events.has('sent'));
    tree.beginImage(new JuteWriter()).abandon();
  });

  test('that is none is refused', async () => {
    events.onEach = (each) => {
      each.incoming = 'snapshot';
    };
    const bad = new JuteWriter();
    bad.int(-1);
    peer.write(Buffer.concat([packet(77, QuorumPacketType.snap), bad.copy()]));
    await events.until(() => events.log.some((entry) => entry.startsWith('malformed')));
    expect(events.states).toEqual([]);
  });
});
