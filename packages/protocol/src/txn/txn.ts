/**
 * Any txn by the type in its header, and the whole record of one.
 *
 *     TxnRecord := TxnHeader · txn of its type · [TxnDigest]
 *
 * The record is what a log entry, a PROPOSAL and an INFORM carry. A server that hurries decodes the one txn it
 * needs; this is for tools, replay and tests. Source: SerializeUtils.deserializeTxn, Util.marshallTxnEntry.
 */

import { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';
import { MalformedError } from '../malformed-error.ts';
import { OpCode } from '../op-code.ts';
import {
  type CreateContainerTxn,
  type CreateTtlTxn,
  type CreateTxn,
  decodeCreateContainerTxn,
  decodeCreateTtlTxn,
  decodeCreateTxn,
  encodeCreateContainerTxn,
  encodeCreateTtlTxn,
  encodeCreateTxn,
} from './create-txn.ts';
import { decodeMultiTxn, encodeMultiTxn, type MultiTxn, type SubTxn } from './multi-txn.ts';
import {
  type CloseSessionTxn,
  type CreateSessionTxn,
  decodeCloseSessionTxn,
  decodeCreateSessionTxn,
  decodeErrorTxn,
  type ErrorTxn,
  encodeCloseSessionTxn,
  encodeCreateSessionTxn,
  encodeErrorTxn,
} from './session-txn.ts';
import { decodeTxnDigest, encodeTxnDigest, type TxnDigest } from './txn-digest.ts';
import { decodeTxnHeader, encodeTxnHeader, type TxnHeader } from './txn-header.ts';
import {
  type CheckVersionTxn,
  type DeleteTxn,
  decodeCheckVersionTxn,
  decodeDeleteTxn,
  decodeSetAclTxn,
  decodeSetDataTxn,
  encodeCheckVersionTxn,
  encodeDeleteTxn,
  encodeSetAclTxn,
  encodeSetDataTxn,
  type SetAclTxn,
  type SetDataTxn,
} from './znode-txn.ts';

type TypeOf<Op extends keyof typeof OpCode> = { readonly type: (typeof OpCode)[Op] };

/** A txn with its type. */
export type Txn =
  | (TypeOf<'create' | 'create2'> & CreateTxn)
  | (TypeOf<'createContainer'> & CreateContainerTxn)
  | (TypeOf<'createTTL'> & CreateTtlTxn)
  | (TypeOf<'delete' | 'deleteContainer'> & DeleteTxn)
  | (TypeOf<'setData' | 'reconfig'> & SetDataTxn)
  | (TypeOf<'setACL'> & SetAclTxn)
  | (TypeOf<'check'> & CheckVersionTxn)
  | (TypeOf<'createSession'> & CreateSessionTxn)
  | (TypeOf<'closeSession'> & CloseSessionTxn)
  | (TypeOf<'error'> & ErrorTxn)
  | (TypeOf<'multi'> & MultiTxn);

/** A txn with all that is recorded of it. */
export interface TxnRecord {
  /** Its type is that of the txn. */
  readonly header: TxnHeader;
  readonly txn: Txn;
  /** Null when the writer keeps none. */
  readonly digest: TxnDigest | null;
}

/**
 * Reads the txn of this type.
 *
 * @throws MalformedError when it is cut short, or when no txn has this type.
 */
export function decodeTxn(reader: JuteReader, type: number): Txn {
  switch (type) {
    case OpCode.create:
    case OpCode.create2:
      return { type, ...decodeCreateTxn(reader) };
    case OpCode.createContainer:
      return { type, ...decodeCreateContainerTxn(reader) };
    case OpCode.createTTL:
      return { type, ...decodeCreateTtlTxn(reader) };
    case OpCode.delete:
    case OpCode.deleteContainer:
      return { type, ...decodeDeleteTxn(reader) };
    case OpCode.setData:
    case OpCode.reconfig:
      return { type, ...decodeSetDataTxn(reader) };
    case OpCode.setACL:
      return { type, ...decodeSetAclTxn(reader) };
    case OpCode.check:
      return { type, ...decodeCheckVersionTxn(reader) };
    case OpCode.createSession:
      return { type, ...decodeCreateSessionTxn(reader) };
    case OpCode.closeSession:
      return { type, ...decodeCloseSessionTxn(reader) };
    case OpCode.error:
      return { type, ...decodeErrorTxn(reader) };
    case OpCode.multi:
      return { type, ...decodeMultiTxn(reader) };
    default:
      throw new MalformedError(`a txn of type ${type}`);
  }
}

/** Appends a txn, without its type. */
export function encodeTxn(writer: JuteWriter, txn: Txn): void {
  switch (txn.type) {
    case OpCode.create:
    case OpCode.create2:
      encodeCreateTxn(writer, txn);
      return;
    case OpCode.createContainer:
      encodeCreateContainerTxn(writer, txn);
      return;
    case OpCode.createTTL:
      encodeCreateTtlTxn(writer, txn);
      return;
    case OpCode.delete:
    case OpCode.deleteContainer:
      encodeDeleteTxn(writer, txn);
      return;
    case OpCode.setData:
    case OpCode.reconfig:
      encodeSetDataTxn(writer, txn);
      return;
    case OpCode.setACL:
      encodeSetAclTxn(writer, txn);
      return;
    case OpCode.check:
      encodeCheckVersionTxn(writer, txn);
      return;
    case OpCode.createSession:
      encodeCreateSessionTxn(writer, txn);
      return;
    case OpCode.closeSession:
      encodeCloseSessionTxn(writer, txn);
      return;
    case OpCode.error:
      encodeErrorTxn(writer, txn);
      return;
    case OpCode.multi:
      encodeMultiTxn(writer, txn);
      return;
    default:
      txn satisfies never;
  }
}

/**
 * Decodes one txn of a multi.
 *
 * @throws MalformedError when it is cut short or of a type that a multi cannot hold.
 */
export function decodeSubTxn(sub: SubTxn): Txn {
  switch (sub.type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
    case OpCode.delete:
    case OpCode.deleteContainer:
    case OpCode.setData:
    case OpCode.check:
    case OpCode.error:
      return decodeTxn(new JuteReader(sub.data ?? new Uint8Array(0)), sub.type);
    default:
      throw new MalformedError(`a txn of type ${sub.type} inside a multi`);
  }
}

/** Reads a whole record, up to the reader's end. @throws MalformedError when it is not one. */
export function decodeTxnRecord(reader: JuteReader): TxnRecord {
  const header = decodeTxnHeader(reader);
  const txn = decodeTxn(reader, header.type);
  return { header, txn, digest: reader.remaining === 0 ? null : decodeTxnDigest(reader) };
}

/** Appends a whole record. The header's type must be that of the txn. */
export function encodeTxnRecord(writer: JuteWriter, record: TxnRecord): void {
  encodeTxnHeader(writer, record.header);
  encodeTxn(writer, record.txn);
  if (record.digest !== null) encodeTxnDigest(writer, record.digest);
}
