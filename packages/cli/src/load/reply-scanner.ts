import type { Tape } from './tape.ts';
import { errorCodeName, UnexpectedReplyError } from './wire/server-error.ts';

/** `int length | int xid | long zxid | int err`. */
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const XID_AT = 4;
const ERROR_AT = 16;

/**
 * Counts the replies in a stream of bytes, however they are cut into chunks, and checks each: the
 * xid must be the next one, the error zero, the length what the request calls for. Only what
 * passes is counted, so that a refused request is never taken for work.
 */
export class ReplyScanner {
  /** Where on the tape the request of the next reply stands. */
  #position: number;
  #nextXid: number;
  readonly #tape: Tape;
  /** The first bytes of a reply whose header was cut. */
  readonly #carry = new Uint8Array(HEADER_BYTES);
  #carryLength = 0;
  /** Bytes still to come of a reply whose header was checked. */
  #bodyRest = 0;

  constructor(tape: Tape, position: number, firstXid: number) {
    this.#tape = tape;
    this.#position = position;
    this.#nextXid = firstXid;
  }

  /**
   * Takes `bytes[0, end)`.
   *
   * @returns how many replies were completed by these bytes.
   * @throws UnexpectedReplyError for a reply that is not the expected one.
   */
  feed(bytes: Uint8Array, end: number): number {
    let at = 0;
    let completed = 0;
    while (at < end) {
      if (this.#bodyRest > 0) {
        const step = Math.min(this.#bodyRest, end - at);
        at += step;
        this.#bodyRest -= step;
        if (this.#bodyRest === 0) completed++;
      } else if (this.#carryLength > 0 || end - at < HEADER_BYTES) {
        const step = Math.min(HEADER_BYTES - this.#carryLength, end - at);
        this.#carry.set(bytes.subarray(at, at + step), this.#carryLength);
        at += step;
        this.#carryLength += step;
        if (this.#carryLength < HEADER_BYTES) break;
        this.#carryLength = 0;
        this.#bodyRest = this.#checkHeader(this.#carry, 0) + LENGTH_BYTES - HEADER_BYTES;
        if (this.#bodyRest === 0) completed++;
      } else {
        const frameBytes = this.#checkHeader(bytes, at) + LENGTH_BYTES;
        if (at + frameBytes <= end) {
          at += frameBytes;
          completed++;
        } else {
          this.#bodyRest = frameBytes - (end - at);
          at = end;
        }
      }
    }
    return completed;
  }

  /** Checks the header at `at` against what is due; returns the length of the frame. */
  #checkHeader(bytes: Uint8Array, at: number): number {
    const length = intAt(bytes, at);
    const xid = intAt(bytes, at + XID_AT);
    const code = intAt(bytes, at + ERROR_AT);
    const lengthDue = this.#tape.replyLengths[this.#position]!;
    if (xid !== this.#nextXid || code !== 0 || length !== lengthDue) {
      throw new UnexpectedReplyError(
        `the reply to request ${this.#nextXid} was due (no error, ${lengthDue} bytes), ` +
          `there came one to request ${xid} (${code === 0 ? 'no error' : errorCodeName(code)}, ${length} bytes)`,
      );
    }
    this.#nextXid++;
    if (++this.#position === this.#tape.frameCount) this.#position = 0;
    return length;
  }
}

function intAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
