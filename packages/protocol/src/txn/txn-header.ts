/**
 * What precedes every txn in a log, a proposal and an inform.
 *
 *     TxnHeader := long clientId · int cxid · long zxid · long time · int type
 *
 * Source: zookeeper.jute (txn.TxnHeader).
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';

/** Encoded size of a {@link TxnHeader}. */
export const TXN_HEADER_BYTES = 32;

export interface TxnHeader {
  /** Session that asked for it (`clientId`); 0 for the server's own, such as the end of a container. */
  readonly sessionId: bigint;
  /** The session's own number of the request; 0 for the creation of the session. */
  readonly cxid: number;
  readonly zxid: number;
  /** The leader's wall clock (`time`), in ms since 1970. */
  readonly timeMs: number;
  /** An `OpCode` that changes something, or `error`. */
  readonly type: number;
}

/** Reads a txn header. @throws MalformedError when it is cut short, or zxid or time are not exact. */
export function decodeTxnHeader(reader: JuteReader): TxnHeader {
  const sessionId = reader.long();
  const cxid = reader.int();
  const zxid = reader.longAsNumber();
  const timeMs = reader.longAsNumber();
  return { sessionId, cxid, zxid, timeMs, type: reader.int() };
}

/** Appends a txn header, {@link TXN_HEADER_BYTES} bytes. */
export function encodeTxnHeader(writer: JuteWriter, header: TxnHeader): void {
  writer.ensure(TXN_HEADER_BYTES);
  writer.long(header.sessionId);
  writer.int(header.cxid);
  writer.longFromNumber(header.zxid);
  writer.longFromNumber(header.timeMs);
  writer.int(header.type);
}
