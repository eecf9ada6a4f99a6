import { JuteWriter } from '@zooid/protocol';
import { XID_OFFSET } from './wire/request-frames.ts';

/** Digits of a name that is unique in a run. */
export const UNIQUE_DIGITS = 8;
/** Digits of a shard: the lowest ones of the unique number, so that 256 parents share the children. */
export const SHARD_DIGITS = 2;
export const SHARD_COUNT = 256;

/**
 * A run of prebuilt request frames, sent over and over. A connection takes the frames in order,
 * as many as it has replies for; each batch is one contiguous range and so one write.
 *
 * The first frames are repeated behind the last one, so that no batch has to wrap.
 * Xids and unique names are patched in place: a batch must have left before the next is stamped.
 */
export class Tape {
  /** Frames before the tape repeats. */
  readonly frameCount: number;
  /** All frames, one behind the other, and the repeated ones. */
  readonly bytes: Uint8Array;
  /** Where each frame begins; one more entry than frames, the repeated ones included. */
  readonly offsets: Int32Array;
  /** Length that the reply to each frame must announce (header and body). */
  readonly replyLengths: Int32Array;

  /** For each frame where the digits of its unique name lie, -1 when it has none. */
  readonly #uniqueAt: Int32Array;
  /** As `#uniqueAt`, for the digits of the shard. */
  readonly #shardAt: Int32Array;
  readonly #numbers: UniqueNumbers;
  /** Unique numbers taken so far. */
  #taken = 0;

  /**
   * @param frames - appends one frame each to the writer it is given.
   * @param batchFramesMax - the most frames that are ever taken at once.
   */
  constructor(frames: readonly TapeFrame[], batchFramesMax: number, numbers: UniqueNumbers) {
    this.frameCount = frames.length;
    const total = frames.length + batchFramesMax;
    this.offsets = new Int32Array(total + 1);
    this.replyLengths = new Int32Array(total);
    this.#uniqueAt = new Int32Array(total).fill(-1);
    this.#shardAt = new Int32Array(total).fill(-1);
    this.#numbers = numbers;
    const writer = new JuteWriter(1 << 20);
    for (let i = 0; i < total; i++) {
      const frame = frames[i % frames.length]!;
      this.offsets[i] = writer.length;
      frame.write(writer);
      this.replyLengths[i] = frame.replyLength;
      if (frame.uniqueOffset !== undefined)
        this.#uniqueAt[i] = this.offsets[i]! + frame.uniqueOffset;
      if (frame.shardOffset !== undefined) this.#shardAt[i] = this.offsets[i]! + frame.shardOffset;
    }
    this.offsets[total] = writer.length;
    this.bytes = writer.copy();
  }

  /** How many unique numbers were given out. */
  get uniqueCount(): number {
    return this.#taken;
  }

  /** Writes `count` successive xids, and fresh unique names, into the frames from `position` on. */
  stamp(position: number, count: number, firstXid: number): void {
    const bytes = this.bytes;
    const offsets = this.offsets;
    for (let i = position; i < position + count; i++) {
      const at = offsets[i]! + XID_OFFSET;
      const xid = firstXid + i - position;
      bytes[at] = xid >>> 24;
      bytes[at + 1] = xid >>> 16;
      bytes[at + 2] = xid >>> 8;
      bytes[at + 3] = xid;
      const uniqueAt = this.#uniqueAt[i]!;
      if (uniqueAt >= 0) this.#stampUnique(uniqueAt, this.#shardAt[i]!);
    }
  }

  #stampUnique(uniqueAt: number, shardAt: number): void {
    const { start, stride, modulus } = this.#numbers;
    const value = start + ((this.#taken++ * stride) % modulus);
    writeDigits(this.bytes, uniqueAt, UNIQUE_DIGITS, value);
    if (shardAt >= 0) writeDigits(this.bytes, shardAt, SHARD_DIGITS, value);
  }
}

/** How a frame of a {@link Tape} is made and what its reply looks like. */
export interface TapeFrame {
  readonly write: (writer: JuteWriter) => void;
  /** Length that the frame of the reply must announce: 16 bytes of header and the body. */
  readonly replyLength: number;
  /** Where the {@link UNIQUE_DIGITS} of a unique name lie, from the start of the frame. */
  readonly uniqueOffset?: number;
  /** Where the {@link SHARD_DIGITS} of its shard lie. */
  readonly shardOffset?: number;
}

/** The unique numbers of a tape: `start + (i * stride) % modulus` for i = 0, 1, 2... */
export interface UniqueNumbers {
  readonly start: number;
  readonly stride: number;
  readonly modulus: number;
}

/** Each number once, in order. */
export function countingFrom(start: number): UniqueNumbers {
  return { start, stride: 1, modulus: Number.MAX_SAFE_INTEGER };
}

/** Name of the znode with that unique number: hexadecimal digits. */
export function uniqueName(value: number): string {
  return value.toString(16).padStart(UNIQUE_DIGITS, '0');
}

/** Name of the shard of that unique number. */
export function shardName(value: number): string {
  return uniqueName(value).slice(-SHARD_DIGITS);
}

function writeDigits(bytes: Uint8Array, at: number, count: number, value: number): void {
  let rest = value;
  for (let i = at + count - 1; i >= at; i--) {
    const digit = rest & 15;
    bytes[i] = digit < 10 ? 48 + digit : 87 + digit;
    rest >>>= 4;
  }
}
