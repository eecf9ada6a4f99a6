/**
 * Cuts a byte stream into length-prefixed frames.
 *
 *     frame := int length · byte[length]        0 <= length <= frameBytesMax
 *
 * A frame that lies within one chunk is handed out where it is: nothing is copied and nothing allocated.
 * One that spans chunks is gathered in a buffer that grows as bytes arrive, never ahead of them: to
 * announce 900 KB costs a peer 900 KB. At most one frame is ever held.
 *
 *     splitter.push(chunk);
 *     while (splitter.next()) handle(splitter.bytes, splitter.frameStart, splitter.frameEnd);
 *     if (splitter.isRefused) closeBecauseOf(splitter.refusedLength);
 *
 * Source: NIOServerCnxn.doIO, readLength.
 */

import { MalformedError } from './malformed-error.ts';

/** Size of the length in front of a frame. */
export const FRAME_LENGTH_BYTES = 4;

/** What `jute.maxbuffer` is when nobody sets it. */
export const FRAME_BYTES_MAX_DEFAULT = 0xfffff;

/** A gathering buffer up to this size is kept for the next frame, a larger one is let go. */
const KEPT_BYTES_MAX = 16 * 1024;

const NO_BYTES = new Uint8Array(0);

export class FrameSplitter {
  /** Where the current frame lies. Valid from a true {@link next} to the call after it. */
  bytes: Uint8Array = NO_BYTES;
  /** First byte of the current frame in {@link bytes}, after the length. */
  frameStart = 0;
  /** One past its last byte. */
  frameEnd = 0;
  /** Whether a length was out of bounds. Final: no more frames come. */
  isRefused = false;
  /**
   * The length that was out of bounds; 0 while there is none. As the first four bytes of a connection
   * it may be a four-letter word: each of them is a longer frame than may be.
   */
  refusedLength = 0;

  readonly #frameBytesMax: number;
  // The chunk, of which [#position, end) is not yet handed out.
  #chunk: Uint8Array = NO_BYTES;
  #position = 0;
  // Start of the frame (with its length) that earlier chunks left: [0, #gatheredBytes).
  // Invariant: #gatheredBytes < 4 + its length, once that is known, whenever next() returns false.
  #gathered: Uint8Array = NO_BYTES;
  #gatheredBytes = 0;

  /**
   * @param frameBytesMax - the longest frame to accept (`jute.maxbuffer`), less than 2^30: so no four-letter
   *   word can be a length.
   */
  constructor(frameBytesMax: number = FRAME_BYTES_MAX_DEFAULT) {
    if (!(frameBytesMax >= 0 && frameBytesMax < 2 ** 30)) {
      throw new RangeError(`a longest frame of ${frameBytesMax} bytes`);
    }
    this.#frameBytesMax = frameBytesMax;
  }

  /** Bytes held of a frame that is not complete, its length included. */
  get heldBytes(): number {
    return this.#gatheredBytes;
  }

  /**
   * Takes the next chunk; all frames of the one before must have been taken.
   *
   * @param chunk - must stay as it is until {@link next} has returned false.
   */
  push(chunk: Uint8Array): void {
    if (!this.isRefused && this.#position < this.#chunk.byteLength) {
      throw new Error('a chunk is pushed before the one before it is used up');
    }
    this.#chunk = chunk;
    this.#position = 0;
  }

  /**
   * Moves to the next complete frame.
   *
   * @returns false when there is none: push the next chunk, unless {@link isRefused}.
   */
  next(): boolean {
    if (this.isRefused) return false;
    if (this.#gatheredBytes > 0) return this.#nextGathered();
    const chunk = this.#chunk;
    const position = this.#position;
    const available = chunk.byteLength - position;
    if (available < FRAME_LENGTH_BYTES) {
      this.#gather(available, FRAME_LENGTH_BYTES);
      return false;
    }
    const length = readInt(chunk, position);
    if (length < 0 || length > this.#frameBytesMax) {
      this.#position = position + FRAME_LENGTH_BYTES;
      return this.#refuse(length);
    }
    if (available - FRAME_LENGTH_BYTES < length) {
      this.#gather(available, FRAME_LENGTH_BYTES + length);
      return false;
    }
    this.bytes = chunk;
    this.frameStart = position + FRAME_LENGTH_BYTES;
    this.frameEnd = this.frameStart + length;
    this.#position = this.frameEnd;
    return true;
  }

  /** What follows a refused length in its chunk (the argument of a four-letter word): a view. */
  rest(): Uint8Array {
    return this.#chunk.subarray(this.#position);
  }

  /** Goes on with a frame that an earlier chunk began. */
  #nextGathered(): boolean {
    if (this.#gatheredBytes < FRAME_LENGTH_BYTES) {
      this.#gather(FRAME_LENGTH_BYTES - this.#gatheredBytes, FRAME_LENGTH_BYTES);
      if (this.#gatheredBytes < FRAME_LENGTH_BYTES) return false;
    }
    const length = readInt(this.#gathered, 0);
    if (length < 0 || length > this.#frameBytesMax) return this.#refuse(length);
    const total = FRAME_LENGTH_BYTES + length;
    this.#gather(total - this.#gatheredBytes, total);
    if (this.#gatheredBytes < total) return false;
    this.bytes = this.#gathered;
    this.frameStart = FRAME_LENGTH_BYTES;
    this.frameEnd = total;
    this.#gatheredBytes = 0;
    // `bytes` holds on to it for as long as the frame is valid.
    if (this.#gathered.byteLength > KEPT_BYTES_MAX) this.#gathered = NO_BYTES;
    return true;
  }

  /** Moves up to `wanted` bytes of the chunk to the gathered ones, which will be at most `total`. */
  #gather(wanted: number, total: number): void {
    const position = this.#position;
    const count = Math.min(wanted, this.#chunk.byteLength - position);
    if (count <= 0) return;
    const needed = this.#gatheredBytes + count;
    if (needed > this.#gathered.byteLength) {
      // Doubling keeps the copying linear; the total bounds it.
      const capacity = Math.max(needed, Math.min(total, needed * 2), 64);
      const grown = new Uint8Array(capacity);
      grown.set(this.#gathered.subarray(0, this.#gatheredBytes));
      this.#gathered = grown;
    }
    this.#gathered.set(this.#chunk.subarray(position, position + count), this.#gatheredBytes);
    this.#gatheredBytes = needed;
    this.#position = position + count;
  }

  #refuse(length: number): false {
    this.isRefused = true;
    this.refusedLength = length;
    this.bytes = NO_BYTES;
    this.#gathered = NO_BYTES;
    this.#gatheredBytes = 0;
    return false;
  }
}

/**
 * The frames of bytes that are all there (a recording, a test).
 *
 * @returns a view of each. @throws MalformedError on a length out of bounds and on an incomplete last frame.
 */
export function splitFrames(bytes: Uint8Array, frameBytesMax?: number): Uint8Array[] {
  const splitter = new FrameSplitter(frameBytesMax);
  const frames: Uint8Array[] = [];
  splitter.push(bytes);
  while (splitter.next()) {
    frames.push(splitter.bytes.subarray(splitter.frameStart, splitter.frameEnd));
  }
  if (splitter.isRefused) throw new MalformedError(`a frame of ${splitter.refusedLength} bytes`);
  if (splitter.heldBytes > 0) throw new MalformedError('the last frame is cut short');
  return frames;
}

function readInt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
