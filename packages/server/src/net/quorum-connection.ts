import type { Socket } from 'node:net';
import { setImmediate as onNextRound } from 'node:timers';
import {
  type DataTree,
  hostAddress,
  type NewState,
  PeerLink,
  type SnapshotHead,
} from '@zooid/core';
import { JuteReader, type JuteWriter, MalformedError, PacketSplitter } from '@zooid/protocol';
import type { ImageSlices } from '../disk/snapshot-store.ts';
import { SnapshotReceiver } from './snapshot-receiver.ts';
import { SnapshotSender } from './snapshot-sender.ts';
import { descriptorOf, writeToSocket } from './write-to-socket.ts';

/** Bytes that may wait for a server that does not read, before it is cut off: some seconds of the heaviest load. */
export const UNSENT_BYTES_MAX_DEFAULT: number = 256 * 1024 * 1024;
/** As many times as that while a snapshot is on its way: what is decided meanwhile waits behind it. */
const BEHIND_SNAPSHOT_FACTOR = 4;
/** Time for the other side to take the last packets when this one hangs up. */
const LAST_PACKETS_MS_MAX = 1000;

/**
 * Where the events of quorum connections go: the core, between the two ends of a turn. Each event but those two comes
 * within one.
 */
export interface QuorumEvents {
  beginTurn(): void;
  endTurn(): void;
  /** One whole packet: `[start, end)` of `bytes`, valid during the call only. */
  onPacket(link: QuorumConnection, bytes: Uint8Array, start: number, end: number): void;
  /** What came is no packet or no snapshot. Nothing more is taken in. */
  onMalformed(link: QuorumConnection, message: string): void;
  /** Some of a snapshot has arrived. */
  onSnapshotProgress(link: QuorumConnection): void;
  /** A snapshot has arrived as a whole; packets follow. */
  onSnapshotReceived(link: QuorumConnection, state: NewState): void;
  /** A snapshot that was to be sent is with the system, or will not be sent any more: another image may begin. */
  onSnapshotSent(link: QuorumConnection): void;
  /** The connection is gone, whoever ended it. @param reason - what the system says, when it was an error. */
  onClosed(link: QuorumConnection, reason: string | undefined): void;
}

export interface QuorumConnectionParts {
  readonly events: QuorumEvents;
  /** Makes an empty tree for a snapshot that comes (`ServerCore.newTree`). */
  readonly newTree: () => DataTree;
  /** Longest data of a packet and of a znode to accept, bytes. */
  readonly dataBytesMax: number;
  /** Bytes that may wait to be sent; {@link UNSENT_BYTES_MAX_DEFAULT}. */
  readonly unsentBytesMax: number;
}

/**
 * A connection on the quorum port, from either end: the core's link together with its socket. It cuts what arrives into
 * packets and snapshots, feeds them to the core in turns, one for each chunk, and sends what turns produce.
 *
 * It knows no packet but by its end, except that a snapshot follows where the core says so.
 */
export class QuorumConnection extends PeerLink {
  readonly #socket: Socket;
  readonly #descriptor: number;
  readonly #parts: QuorumConnectionParts;
  readonly #packets: PacketSplitter;
  #receiver: SnapshotReceiver | undefined;
  #sender: SnapshotSender | undefined;
  /** What goes behind the snapshot that is being sent. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** What arrived was no packet: the rest is not looked at. */
  #isBroken = false;
  #isResuming = false;
  #error: string | undefined;
  #impatience: NodeJS.Timeout | undefined;

  /** Packets are handed in from the next round of the event loop on. */
  constructor(socket: Socket, parts: QuorumConnectionParts) {
    super(hostAddress(socket.remoteAddress ?? ''));
    this.#socket = socket;
    this.#descriptor = descriptorOf(socket);
    this.#parts = parts;
    this.#packets = new PacketSplitter(parts.dataBytesMax);
    socket.on('data', (chunk: Uint8Array) => this.#onData(chunk));
    socket.on('error', (error) => {
      this.#error = error.message;
    });
    socket.on('close', () => this.#onClose());
  }

  /** Bytes that wait to be sent. */
  get unsentBytes(): number {
    return this.#socket.writableLength + this.#waitingBytes + (this.#sender?.out.length ?? 0);
  }

  /** Sends what a turn wrote for this link, as one write, and hangs up if {@link closing}. The bytes are read during the call only. */
  send(out: JuteWriter): void {
    if (this.#socket.destroyed) return;
    // After the end nothing can be written: the other side has closed already.
    if (out.length > 0 && !this.#socket.writableEnded) {
      const isBehind = this.#sender !== undefined;
      const { unsentBytesMax } = this.#parts;
      if (this.unsentBytes > unsentBytesMax * (isBehind ? BEHIND_SNAPSHOT_FACTOR : 1)) {
        this.closing ??= 'reads-too-slowly';
        this.destroy();
        return;
      }
      if (isBehind) this.#wait(out);
      else writeToSocket(this.#socket, this.#descriptor, out.bytes, out.length);
    }
    if (this.closing !== undefined) this.#hangUp();
  }

  /**
   * Sends the state of this moment behind what is in `out` now; what is sent later goes behind it.
   * {@link QuorumEvents.onSnapshotSent} follows, in a turn of its own.
   *
   * @param beginImage - begins the image of the same moment as `head`, with the given writer; called before this returns.
   */
  sendSnapshot(head: SnapshotHead, beginImage: (out: JuteWriter) => ImageSlices): void {
    if (this.#sender !== undefined) throw new Error('a snapshot is being sent already');
    if (this.out !== undefined) {
      this.send(this.out);
      this.out.clear();
    }
    const sender = new SnapshotSender(this.#socket, head, (outcome) =>
      this.#onSnapshotEnd(outcome),
    );
    this.#sender = sender;
    sender.start(beginImage(sender.out));
    // There will be no other end.
    if (this.#socket.destroyed) onNextRound(() => sender.abandon());
  }

  /** Takes packets again after {@link isHeld}, from the next round of the event loop on. */
  resume(): void {
    if (this.#isResuming || this.#socket.destroyed) return;
    this.#isResuming = true;
    onNextRound(() => {
      this.#isResuming = false;
      if (this.#socket.destroyed || this.isHeld) return;
      this.#takeIn();
      if (!this.isHeld) this.#socket.resume();
    });
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  #onData(chunk: Uint8Array): void {
    if (this.closing !== undefined || this.#isBroken) return;
    this.#packets.push(chunk);
    this.#takeIn();
  }

  /** Hands in, in one turn, what of the chunk may be. */
  #takeIn(): void {
    const { events } = this.#parts;
    events.beginTurn();
    while (this.#takeNext());
    events.endTurn();
    if (this.isHeld) this.#socket.pause();
  }

  /** @returns false when there is nothing more to hand in now. */
  #takeNext(): boolean {
    if (this.isHeld || this.closing !== undefined || this.#isBroken) return false;
    if (this.#receiver !== undefined) return this.#takeSnapshotBytes(this.#receiver);
    const { events, newTree, dataBytesMax } = this.#parts;
    const packets = this.#packets;
    if (!packets.next()) {
      if (packets.refusal !== undefined) this.#refuse(packets.refusal);
      return false;
    }
    const { bytes, packetStart, packetEnd } = packets;
    events.onPacket(this, bytes, packetStart, packetEnd);
    if (this.incoming === 'snapshot') {
      const zxid = zxidOf(bytes, packetStart);
      this.#receiver = new SnapshotReceiver(newTree(), zxid, dataBytesMax);
    }
    return true;
  }

  #takeSnapshotBytes(receiver: SnapshotReceiver): boolean {
    const rest = this.#packets.takeRest();
    if (rest.byteLength === 0) return false;
    const { events } = this.#parts;
    let isWhole: boolean;
    try {
      isWhole = receiver.push(rest);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.#refuse(error.message);
      return false;
    }
    if (!isWhole) {
      events.onSnapshotProgress(this);
      return false;
    }
    this.#packets.push(rest.subarray(receiver.consumed));
    this.#receiver = undefined;
    this.incoming = 'packets';
    events.onSnapshotReceived(this, receiver.state);
    return true;
  }

  #refuse(message: string): void {
    this.#isBroken = true;
    this.#receiver = undefined;
    this.#parts.events.onMalformed(this, message);
  }

  #wait(out: JuteWriter): void {
    this.#waiting.push(out.copy());
    this.#waitingBytes += out.length;
  }

  #onSnapshotEnd(outcome: 'sent' | 'given-up'): void {
    const { events } = this.#parts;
    this.#sender = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    // Half a snapshot can only be followed by the end.
    if (outcome === 'given-up') this.destroy();
    else for (const bytes of waiting) this.#socket.write(bytes);
    events.beginTurn();
    events.onSnapshotSent(this);
    events.endTurn();
    if (this.closing !== undefined) this.#hangUp();
  }

  /** Closes when everything is sent, but soon. */
  #hangUp(): void {
    if (this.#impatience !== undefined || this.#socket.destroyed) return;
    this.#impatience = setTimeout(() => this.destroy(), LAST_PACKETS_MS_MAX);
    if (this.#sender === undefined) this.#socket.destroySoon();
    // What is read no more need not be sent to its end.
    else onNextRound(() => this.#sender?.abandon());
  }

  #onClose(): void {
    const { events } = this.#parts;
    clearTimeout(this.#impatience);
    this.isClosed = true;
    this.#receiver = undefined;
    this.#sender?.abandon();
    events.beginTurn();
    events.onClosed(this, this.#error);
    events.endTurn();
  }
}

function zxidOf(bytes: Uint8Array, packetStart: number): number {
  const reader = new JuteReader();
  reader.reset(bytes, packetStart + 4, packetStart + 12);
  return reader.longAsNumber();
}
