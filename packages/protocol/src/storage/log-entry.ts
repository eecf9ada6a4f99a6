/**
 * One entry of a log.
 *
 *     entry := long checksum · buffer txnRecord · byte 0x42
 *
 * The checksum is the Adler-32 of the bytes of the record, without their length. An empty record (zeros: room laid out
 * beforehand) is the end. Source: FileTxnLog.append, FileTxnIterator.next, Util.
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';
import { MalformedError } from '../malformed-error.ts';

/** What stands after every record: `B`. */
export const LOG_ENTRY_END = 0x42;
/** Bytes of an entry besides its record. */
export const LOG_ENTRY_OVERHEAD_BYTES = 13;

export interface LogEntry {
  /** As stored: whoever reads compares. */
  readonly checksum: number;
  /** A TxnRecord; empty at the end of the log. A view of the bytes read. */
  readonly record: Uint8Array;
}

/**
 * Reads an entry, or the end, after which nothing is read: then the record is empty.
 *
 * @throws MalformedError when it is cut short, or lacks the byte after the record.
 */
export function decodeLogEntry(reader: JuteReader): LogEntry {
  const checksum = reader.longAsNumber();
  const record = reader.buffer();
  if (record === null || record.byteLength === 0) return { checksum, record: NO_BYTES };
  const end = reader.byte();
  if (end !== LOG_ENTRY_END) {
    throw new MalformedError(`byte ${end} after a record at ${reader.position - 1}`);
  }
  return { checksum, record };
}

/** Appends an entry. The record must not be empty. */
export function encodeLogEntry(writer: JuteWriter, entry: LogEntry): void {
  writer.longFromNumber(entry.checksum);
  writer.buffer(entry.record);
  writer.byte(LOG_ENTRY_END);
}

const NO_BYTES = new Uint8Array(0);
