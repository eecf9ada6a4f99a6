import { highHalf, lowHalf } from './long-halves.ts';
import { encodeUtf8Into } from './text.ts';

const TWO_32 = 0x1_0000_0000;
/** Up to here a loop beats the call into the engine, which costs some 50 ns at any length. */
const LOOPED_BYTES_MAX = 32;

/**
 * Jute encoding into one growing buffer, meant to be reused: {@link clear} keeps the memory.
 *
 * {@link bytes} and {@link length} are read directly by whoever sends or stores the result; both are
 * valid until the next call that writes.
 */
export class JuteWriter {
  /** Content is `[0, length)`; the rest is room. Replaced when it grows. */
  bytes: Uint8Array;
  /** Bytes written so far. */
  length = 0;

  /** `bytes.byteLength`, which costs more to ask for than a field. */
  #capacity: number;

  constructor(capacityBytes = 1024) {
    this.bytes = new Uint8Array(capacityBytes);
    this.#capacity = capacityBytes;
  }

  /** Forgets the content, keeps the memory. */
  clear(): void {
    this.length = 0;
  }

  /** A view of the content, valid until the next write. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  /** A copy of the content, the caller's own. */
  copy(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  /** Makes room for `count` more bytes: one check for a run of writes whose size is known. */
  ensure(count: number): void {
    if (this.length + count > this.#capacity) this.#grow(this.length + count);
  }

  byte(value: number): void {
    this.ensure(1);
    this.bytes[this.length++] = value;
  }

  boolean(value: boolean): void {
    this.byte(value ? 1 : 0);
  }

  int(value: number): void {
    const at = this.length;
    if (at + 4 > this.#capacity) this.#grow(at + 4);
    putInt(this.bytes, at, value);
    this.length = at + 4;
  }

  long(value: bigint): void {
    this.longFromHalves(highHalf(value), lowHalf(value));
  }

  /** A long given as a number (zxid, time in milliseconds); must be an integer within ±2^53. */
  longFromNumber(value: number): void {
    const high = Math.floor(value / TWO_32);
    this.longFromHalves(high, value - high * TWO_32);
  }

  /** A long given as its two halves, as the tree stores it. */
  longFromHalves(high: number, low: number): void {
    const at = this.length;
    if (at + 8 > this.#capacity) this.#grow(at + 8);
    const { bytes } = this;
    putInt(bytes, at, high);
    putInt(bytes, at + 4, low);
    this.length = at + 8;
  }

  /** A buffer; null is written as length -1. */
  buffer(value: Uint8Array | null): void {
    if (value === null) {
      this.int(-1);
      return;
    }
    this.int(value.byteLength);
    this.raw(value, 0, value.byteLength);
  }

  /** A buffer whose content is `[start, end)` of `bytes`. */
  bufferOf(bytes: Uint8Array, start: number, end: number): void {
    this.int(end - start);
    this.raw(bytes, start, end);
  }

  /** A string; null is written as length -1. */
  ustring(value: string | null): void {
    if (value === null) {
      this.int(-1);
      return;
    }
    this.ensure(4 + value.length * 3);
    const written = encodeUtf8Into(value, this.bytes, this.length + 4);
    putInt(this.bytes, this.length, written);
    this.length += 4 + written;
  }

  /** A vector of strings. */
  texts(values: readonly string[]): void {
    this.int(values.length);
    for (const value of values) this.ustring(value);
  }

  /** Bytes as they are, without a length. */
  raw(bytes: Uint8Array, start: number, end: number): void {
    const count = end - start;
    this.ensure(count);
    if (count <= LOOPED_BYTES_MAX) {
      const target = this.bytes;
      let at = this.length;
      for (let i = start; i < end; i++) target[at++] = bytes[i]!;
    } else {
      this.bytes.set(
        start === 0 && end === bytes.byteLength ? bytes : bytes.subarray(start, end),
        this.length,
      );
    }
    this.length += count;
  }

  /**
   * Leaves room for the length that precedes a frame or a nested record.
   *
   * @returns the mark that {@link endFrame} wants back. Frames may nest.
   */
  startFrame(): number {
    this.ensure(4);
    const mark = this.length;
    this.length += 4;
    return mark;
  }

  /** Fills in the length of the frame begun at `mark`. */
  endFrame(mark: number): void {
    putInt(this.bytes, mark, this.length - mark - 4);
  }

  /** Overwrites the int at `at`, which was written before. */
  patchInt(at: number, value: number): void {
    putInt(this.bytes, at, value);
  }

  /** Takes back everything written from `mark` on. */
  truncate(mark: number): void {
    this.length = mark;
  }

  #grow(neededBytes: number): void {
    const grown = new Uint8Array(Math.max(neededBytes, this.#capacity * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.#capacity = grown.byteLength;
  }
}

/** Big-endian, byte by byte: faster than a DataView here, and the value may be given as uint32 or int32. */
function putInt(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
