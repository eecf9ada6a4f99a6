/**
 * One log file, record by record, for those who look inside of it: the file tools.
 *
 * Unlike the replay of a start it does not stop at a record whose checksum fails while its length and end mark
 * agree: such a record is told and the next one is read. Nothing is changed on disk. Memory: one window, which grows
 * to hold the longest record.
 */

import fs from 'node:fs';
import {
  checkLogHeader,
  checkLogRecord,
  LOG_HEADER_BYTES,
  LOG_PREFIX_BYTES,
  LOG_RECORD_OVERHEAD_BYTES,
  type LogHeaderState,
  LogRecordState,
  logRecordLength,
  txnZxid,
} from '@zooid/core';
import { judgeLogTail, type LogTail } from './log-tail.ts';

const WINDOW_BYTES = 256 * 1024;
/** A record that states to be longer is damage: `jute.maxbuffer` is 1 MB, and nobody sets it near to this. */
const RECORD_BYTES_MAX = 512 * 1024 * 1024;

/** A record of a log. The object and its bytes are valid until the next one is asked for. */
export interface ScannedRecord {
  /** `bad-checksum`: length and end mark agree, the bytes between them do not match the checksum. */
  readonly state: 'whole' | 'bad-checksum';
  /** Where it begins in the file. */
  readonly offset: number;
  /** NaN if it is none that a server writes: only in a record that is not whole. */
  readonly zxid: number;
  /** The payload (TxnHeader, txn, TxnDigest) is `[start, end)` of this. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** One pass over a log file. Close it. */
export class LogScan {
  readonly path: string;
  /** Length of the file, padding included, when it was opened. */
  readonly fileBytes: number;
  readonly header: LogHeaderState;
  /** As the header states them; 0 when it is cut short. */
  readonly version: number;
  readonly dbId: bigint;
  /** Where the next record begins; after the last one, where no record begins any more. */
  offset = 0;

  readonly #fd: number;
  #window: Uint8Array<ArrayBuffer> = new Uint8Array(WINDOW_BYTES);
  #view: DataView = new DataView(this.#window.buffer);
  /** The window holds `[#base, #base + #held)` of the file. */
  #base = 0;
  #held = 0;

  /** @throws a system error if the file cannot be read. */
  constructor(path: string) {
    this.path = path;
    this.#fd = fs.openSync(path, 'r');
    this.fileBytes = fs.fstatSync(this.#fd).size;
    this.#held = this.#readAt(0, 0);
    this.header = checkLogHeader(this.#window, this.#held);
    const isValid = this.header === 'valid';
    this.version = isValid ? this.#view.getInt32(4) : 0;
    this.dbId = isValid ? this.#view.getBigInt64(8) : 0n;
    this.offset = isValid ? LOG_HEADER_BYTES : 0;
  }

  /** The records in their order, up to the place where none begins: {@link offset}. None if the header is not valid. */
  *records(): Generator<ScannedRecord, void> {
    if (this.header !== 'valid') return;
    for (;;) {
      const state = this.#judge();
      if (state !== LogRecordState.whole && state !== LogRecordState.badChecksum) return;
      const at = this.offset - this.#base;
      const start = at + LOG_PREFIX_BYTES;
      const end = start + logRecordLength(this.#window, at);
      yield {
        state: state === LogRecordState.whole ? 'whole' : 'bad-checksum',
        offset: this.offset,
        zxid: txnZxid(this.#window, start),
        bytes: this.#window,
        start,
        end,
      };
      this.offset += end - start + LOG_RECORD_OVERHEAD_BYTES;
    }
  }

  /**
   * What stands from {@link offset} to the end of the file: padding, the rest of an interrupted write, or damage.
   *
   * @param previousZxid - of the last record, or of what takes its place.
   */
  judgeEnd(previousZxid: number): LogTail {
    return judgeLogTail(this.#fd, this.offset, this.fileBytes, previousZxid);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }

  /** Judges the record at the offset, with as much of the file as that takes. */
  #judge(): LogRecordState {
    for (;;) {
      const at = this.offset - this.#base;
      const state = checkLogRecord(this.#window, at, this.#held, this.#view);
      if (state !== LogRecordState.incomplete) return state;
      const isPrefixHeld = this.#held - at >= LOG_PREFIX_BYTES;
      const wanted = isPrefixHeld
        ? LOG_RECORD_OVERHEAD_BYTES + logRecordLength(this.#window, at)
        : LOG_PREFIX_BYTES;
      if (this.offset + wanted > this.fileBytes || wanted > RECORD_BYTES_MAX) return state;
      if (!this.#slide(at, wanted)) return state;
    }
  }

  /** Moves the window on to begin at the offset. @returns whether it then holds `wanted` bytes. */
  #slide(at: number, wanted: number): boolean {
    const kept = this.#held - at;
    if (wanted > this.#window.byteLength) {
      const grown = new Uint8Array(wanted);
      grown.set(this.#window.subarray(at, this.#held));
      this.#window = grown;
      this.#view = new DataView(grown.buffer);
    } else {
      this.#window.copyWithin(0, at, this.#held);
    }
    this.#base = this.offset;
    this.#held = kept + this.#readAt(kept, this.#base + kept);
    return this.#held >= wanted;
  }

  /** Fills the window from `at` on with what stands at `position`. @returns how many bytes came. */
  #readAt(at: number, position: number): number {
    let got = 0;
    while (at + got < this.#window.byteLength) {
      const wanted = this.#window.byteLength - at - got;
      const count = fs.readSync(this.#fd, this.#window, at + got, wanted, position + got);
      if (count === 0) break;
      got += count;
    }
    return got;
  }
}
