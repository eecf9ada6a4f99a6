/**
 * Cuts a stream between servers into quorum packets, which have no length in front of them: where one ends shows in the
 * lengths inside of it.
 *
 *     QuorumPacket := int type · long zxid · int n · byte[n] data · int count · count × (scheme · id)      (text := int n · byte[n])
 *
 * A packet that lies within one chunk is handed out where it is: nothing is copied and nothing allocated. One that spans
 * chunks is gathered in a buffer that grows as bytes arrive, never far ahead of them. At most one packet is ever
 * held, and none of its bytes is looked at twice, in however many chunks it comes.
 *
 *     splitter.push(chunk);
 *     while (splitter.next()) handle(splitter.bytes, splitter.packetStart, splitter.packetEnd);
 *     if (splitter.refusal !== undefined) closeBecauseOf(splitter.refusal);
 *
 * After a SNAP the stream holds something else for a while: {@link PacketSplitter.takeRest} hands over what of it has arrived, and what follows
 * it comes back by {@link PacketSplitter.push}.
 *
 * Source: zookeeper.jute (quorum.QuorumPacket), BinaryInputArchive.
 */

import { FRAME_BYTES_MAX_DEFAULT } from '../frame.ts';

/**
 * Longest data of a packet when nobody sets it: a peer may add as much again to a client's largest request.
 * Source: BinaryInputArchive.extraMaxBuffer.
 */
export const QUORUM_PACKET_DATA_BYTES_MAX_DEFAULT: number = 2 * FRAME_BYTES_MAX_DEFAULT;

/** Type and zxid. */
const FIXED_BYTES = 12;
const INT_BYTES = 4;
/** More identities than a connection can have collected. */
const AUTHINFO_COUNT_MAX = 10_000;
/** A gathering buffer up to this size is kept for the next packet, a larger one is let go. */
const KEPT_BYTES_MAX = 64 * 1024;

const NO_BYTES = new Uint8Array(0);

/** Whose length or count the last four bytes of what is known of a packet are. */
type Part = 'data' | 'authinfo' | 'text' | 'end';

export class PacketSplitter {
  /** Where the current packet lies. Valid from a true {@link next} to the call after it. */
  bytes: Uint8Array = NO_BYTES;
  /** First byte of the current packet in {@link bytes}. */
  packetStart = 0;
  /** One past its last byte. */
  packetEnd = 0;
  /** What was out of bounds, in words; undefined while nothing was. Final: no more packets come. */
  refusal: string | undefined = undefined;

  readonly #dataBytesMax: number;
  // The chunk, of which [#position, end) is not yet handed out.
  #chunk: Uint8Array = NO_BYTES;
  #position = 0;
  // Start of the packet that earlier chunks left: [0, #gatheredBytes).
  #gathered: Uint8Array = NO_BYTES;
  #gatheredBytes = 0;
  // How far the packet at hand is known: it has at least #knownBytes, of which the last four are the length or count of #part.
  #knownBytes = FIXED_BYTES + INT_BYTES;
  #part: Part = 'data';
  /** Schemes and ids that follow behind the known bytes, the one at hand not counted. */
  #textsLeft = 0;

  /** @param dataBytesMax - the longest data to accept, and the most bytes of identities beside it. */
  constructor(dataBytesMax: number = QUORUM_PACKET_DATA_BYTES_MAX_DEFAULT) {
    if (!(dataBytesMax >= 0 && dataBytesMax < 2 ** 30)) {
      throw new RangeError(`a longest data of ${dataBytesMax} bytes`);
    }
    this.#dataBytesMax = dataBytesMax;
  }

  /** Bytes held of a packet that is not complete. */
  get heldBytes(): number {
    return this.#gatheredBytes;
  }

  /**
   * Takes the next chunk; all packets of the one before must have been taken, or its rest.
   *
   * @param chunk - must stay as it is until {@link next} has returned false.
   */
  push(chunk: Uint8Array): void {
    if (this.refusal === undefined && this.#position < this.#chunk.byteLength) {
      throw new Error('a chunk is pushed before the one before it is used up');
    }
    this.#chunk = chunk;
    this.#position = 0;
  }

  /**
   * Moves to the next complete packet.
   *
   * @returns false when there is none: push the next chunk, unless there is a {@link refusal}.
   */
  next(): boolean {
    if (this.refusal !== undefined) return false;
    if (this.#gatheredBytes > 0) return this.#nextGathered();
    const chunk = this.#chunk;
    const position = this.#position;
    const available = chunk.byteLength - position;
    if (this.#isWhole(chunk, position, available)) {
      this.#handOut(chunk, position);
      this.#position = this.packetEnd;
      return true;
    }
    if (this.refusal === undefined) this.#gather(available);
    return false;
  }

  /**
   * What of the chunk is not handed out, as a view: valid as long as the chunk is. The splitter has none of it any more.
   * Between two packets only: directly after a true {@link next}.
   */
  takeRest(): Uint8Array {
    if (this.#gatheredBytes > 0) throw new Error('the rest is taken in the middle of a packet');
    const rest = this.#chunk.subarray(this.#position);
    this.#chunk = NO_BYTES;
    this.#position = 0;
    return rest;
  }

  /** Goes on with a packet that an earlier chunk began. */
  #nextGathered(): boolean {
    while (!this.#isWhole(this.#gathered, 0, this.#gatheredBytes)) {
      if (this.refusal !== undefined) return false;
      const available = this.#chunk.byteLength - this.#position;
      if (available === 0) return false;
      // No more than surely belongs to the packet.
      this.#gather(Math.min(available, this.#knownBytes - this.#gatheredBytes));
    }
    this.#handOut(this.#gathered, 0);
    this.#gatheredBytes = 0;
    // `bytes` holds on to it for as long as the packet is valid.
    if (this.#gathered.byteLength > KEPT_BYTES_MAX) this.#gathered = NO_BYTES;
    return true;
  }

  /** Reads on in the lengths of the packet at `start`, of which `available` bytes are there. */
  #isWhole(bytes: Uint8Array, start: number, available: number): boolean {
    while (available >= this.#knownBytes) {
      if (this.#part === 'end') return true;
      const value = readInt(bytes, start + this.#knownBytes - INT_BYTES);
      switch (this.#part) {
        case 'data':
          if (!this.#isLength(value)) return this.#refuse(`data of ${value} bytes`);
          this.#knownBytes += Math.max(value, 0) + INT_BYTES;
          this.#part = 'authinfo';
          break;
        case 'authinfo':
          if (value < -1 || value > AUTHINFO_COUNT_MAX) {
            return this.#refuse(`${value} identities`);
          }
          this.#textsLeft = 2 * value;
          this.#toNextText();
          break;
        case 'text':
          if (!this.#isLength(value)) return this.#refuse(`an identity of ${value} bytes`);
          this.#knownBytes += Math.max(value, 0);
          if (this.#knownBytes > FIXED_BYTES + 2 * (INT_BYTES + this.#dataBytesMax)) {
            return this.#refuse('identities that are too long together');
          }
          this.#toNextText();
          break;
      }
    }
    return false;
  }

  #toNextText(): void {
    if (this.#textsLeft <= 0) {
      this.#part = 'end';
      return;
    }
    this.#textsLeft--;
    this.#knownBytes += INT_BYTES;
    this.#part = 'text';
  }

  #isLength(value: number): boolean {
    return value >= -1 && value <= this.#dataBytesMax;
  }

  #handOut(bytes: Uint8Array, start: number): void {
    this.bytes = bytes;
    this.packetStart = start;
    this.packetEnd = start + this.#knownBytes;
    this.#knownBytes = FIXED_BYTES + INT_BYTES;
    this.#part = 'data';
  }

  /** Moves `count` bytes of the chunk to the gathered ones. */
  #gather(count: number): void {
    if (count === 0) return;
    const position = this.#position;
    const needed = this.#gatheredBytes + count;
    if (needed > this.#gathered.byteLength) {
      // Doubling keeps the copying linear.
      const grown = new Uint8Array(Math.max(needed * 2, 64));
      grown.set(this.#gathered.subarray(0, this.#gatheredBytes));
      this.#gathered = grown;
    }
    this.#gathered.set(this.#chunk.subarray(position, position + count), this.#gatheredBytes);
    this.#gatheredBytes = needed;
    this.#position = position + count;
  }

  #refuse(what: string): false {
    this.refusal = `a quorum packet with ${what}`;
    this.bytes = NO_BYTES;
    this.#gathered = NO_BYTES;
    this.#gatheredBytes = 0;
    return false;
  }
}

function readInt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
