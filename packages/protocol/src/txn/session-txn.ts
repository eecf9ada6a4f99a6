/**
 * A session comes and goes, and the txn of a request that was refused.
 *
 *     CreateSessionTxn := int timeOut
 *     CloseSessionTxn  := vector<ustring> paths2Delete
 *     ErrorTxn         := int err
 *
 * Servers before 3.6, and those with `closeSessionTxn.enabled=false`, log no body for closeSession.
 * Source: zookeeper.jute (txn.CreateSessionTxn, CloseSessionTxn, ErrorTxn), SerializeUtils.
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';
import { TXN_DIGEST_BYTES, TXN_DIGEST_VERSION } from './txn-digest.ts';

export interface CreateSessionTxn {
  /** Session timeout in ms. */
  readonly timeoutMs: number;
}

export interface CloseSessionTxn {
  /** The session's ephemerals, deleted in this order; null for a txn without a body: all that it has. */
  readonly paths: readonly string[] | null;
}

export interface ErrorTxn {
  /** An `ErrorCode`. */
  readonly err: number;
}

/** Reads a txn of createSession. @throws MalformedError when it is cut short. */
export function decodeCreateSessionTxn(reader: JuteReader): CreateSessionTxn {
  return { timeoutMs: reader.int() };
}

/** Appends a txn of createSession. */
export function encodeCreateSessionTxn(writer: JuteWriter, txn: CreateSessionTxn): void {
  writer.int(txn.timeoutMs);
}

/**
 * Reads a txn of closeSession, which may have no body: then nothing follows, or a digest alone. That
 * cannot be mistaken: a list of two paths that fits into the size of a digest would be of empty paths.
 *
 * @throws MalformedError when it is cut short.
 */
export function decodeCloseSessionTxn(reader: JuteReader): CloseSessionTxn {
  if (reader.remaining === 0) return { paths: null };
  const start = reader.position;
  if (reader.remaining === TXN_DIGEST_BYTES && reader.int() === TXN_DIGEST_VERSION) {
    reader.position = start;
    return { paths: null };
  }
  reader.position = start;
  return { paths: reader.texts() };
}

/** Appends a txn of closeSession; nothing when its paths are null. */
export function encodeCloseSessionTxn(writer: JuteWriter, txn: CloseSessionTxn): void {
  if (txn.paths !== null) writer.texts(txn.paths);
}

/** Reads an error txn. @throws MalformedError when it is cut short. */
export function decodeErrorTxn(reader: JuteReader): ErrorTxn {
  return { err: reader.int() };
}

/** Appends an error txn. */
export function encodeErrorTxn(writer: JuteWriter, txn: ErrorTxn): void {
  writer.int(txn.err);
}
