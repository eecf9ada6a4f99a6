import { longOf } from './long-halves.ts';
import { MalformedError } from './malformed-error.ts';
import { decodeUtf8 } from './text.ts';

/**
 * A cursor over jute-encoded bytes. Bounds are checked on every read; anything that does not fit
 * throws {@link MalformedError}, and so no record can be read past its frame.
 *
 * One reader is reused for many frames by {@link reset}: nothing is allocated per frame.
 *
 * Grammar (source: BinaryInputArchive): boolean 1 byte · int 4 · long 8, all big-endian;
 * ustring, buffer and vector are an int count, where -1 means null, and then the content.
 */
export class JuteReader {
  /** Next byte to read; `position <= end` always holds. */
  position = 0;
  /** One past the last readable byte. */
  end = 0;
  /** Where the content of the last {@link span} begins. */
  spanStart = 0;
  /** The bytes under the cursor. Valid as long as whoever called {@link reset} says. */
  bytes: Uint8Array;

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.bytes = bytes;
    this.end = bytes.byteLength;
  }

  /** Points the reader at `[start, end)` of `bytes`; the range must lie inside. */
  reset(bytes: Uint8Array, start: number, end: number): void {
    if (start < 0 || end < start || end > bytes.length) {
      throw new RangeError(`range ${start}..${end} lies outside of ${bytes.byteLength} bytes`);
    }
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.end - this.position;
  }

  byte(): number {
    return this.bytes[this.#take(1)]!;
  }

  /** Any non-zero byte is true, as in Java's DataInput. */
  boolean(): boolean {
    return this.bytes[this.#take(1)] !== 0;
  }

  int(): number {
    return this.#intAt(this.#take(4));
  }

  long(): bigint {
    const at = this.#take(8);
    return longOf(this.#intAt(at), this.#intAt(at + 4));
  }

  /**
   * A long as a number: a zxid, a time in milliseconds, a length.
   *
   * @throws MalformedError outside of ±2^53, where a number is not exact (an epoch of 2^21 or more).
   */
  longAsNumber(): number {
    const at = this.#take(8);
    const high = this.#intAt(at);
    if (high >= 0x200000 || high < -0x200000) {
      throw new MalformedError(`a long at byte ${at} is too large to be exact`);
    }
    return high * 0x1_0000_0000 + (this.#intAt(at + 4) >>> 0);
  }

  /**
   * Steps over a ustring or buffer without making an object of it.
   *
   * @returns its length in bytes, or -1 for null; its bytes are `[spanStart, spanStart + length)` of {@link bytes}.
   */
  span(): number {
    const length = this.#intAt(this.#take(4));
    if (length === -1) {
      this.spanStart = this.position;
      return -1;
    }
    if (length < 0) throw new MalformedError(`a length of ${length} at byte ${this.position - 4}`);
    this.spanStart = this.#take(length);
    return length;
  }

  /** A buffer, as a view of the bytes read (copy it to keep it); null when its length is -1. */
  buffer(): Uint8Array | null {
    const length = this.span();
    return length < 0 ? null : this.bytes.subarray(this.spanStart, this.spanStart + length);
  }

  /** A string; null when its length is -1. */
  ustring(): string | null {
    const length = this.span();
    return length < 0 ? null : decodeUtf8(this.bytes, this.spanStart, this.spanStart + length);
  }

  /** A string where the format knows no null: null is read as the empty string. */
  text(): string {
    return this.ustring() ?? '';
  }

  /**
   * The count that starts a vector, or -1 for a null vector.
   *
   * @param elementBytesMin - the least an element can take: a count that cannot fit is refused before
   *   anybody allocates for it.
   */
  vectorCount(elementBytesMin: number): number {
    const count = this.#intAt(this.#take(4));
    if (count < -1 || count * elementBytesMin > this.remaining) {
      throw new MalformedError(`a vector of ${count} elements at byte ${this.position - 4}`);
    }
    return count;
  }

  /** A vector of strings; a null vector is read as the empty one, a null element as the empty string. */
  texts(): string[] {
    const count = this.vectorCount(4);
    const texts: string[] = [];
    for (let i = 0; i < count; i++) texts.push(this.text());
    return texts;
  }

  /** From single bytes: a DataView would have to be made for every chunk, which costs more than it saves. */
  #intAt(at: number): number {
    const { bytes } = this;
    return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }

  /** Moves over `count` bytes and returns where they begin. */
  #take(count: number): number {
    const at = this.position;
    if (count > this.end - at) {
      throw new MalformedError(`${count} bytes wanted at byte ${at}, ${this.end - at} are left`);
    }
    this.position = at + count;
    return at;
  }
}
