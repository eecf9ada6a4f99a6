/**
 * A znode that is there changes or goes.
 *
 *     DeleteTxn       := ustring path                                   delete, deleteContainer
 *     SetDataTxn      := ustring path · buffer data · int version       setData, reconfig
 *     SetACLTxn       := ustring path · vector<ACL> acl · int version
 *     CheckVersionTxn := ustring path · int version                     only inside a multi
 *
 * The version is the *new* one. Source: zookeeper.jute (txn.DeleteTxn, SetDataTxn, SetACLTxn, CheckVersionTxn).
 */

import { type Acl, decodeAcls, encodeAcls } from '../acl.ts';
import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';

export interface DeleteTxn {
  readonly path: string;
}

export interface SetDataTxn {
  readonly path: string;
  /** A view of the bytes read; null is kept as null. */
  readonly data: Uint8Array | null;
  /** Version from now on. */
  readonly version: number;
}

export interface SetAclTxn {
  readonly path: string;
  readonly acl: readonly Acl[];
  /** Aversion from now on. */
  readonly version: number;
}

export interface CheckVersionTxn {
  readonly path: string;
  /** Changes nothing. */
  readonly version: number;
}

/** Reads a txn of delete or deleteContainer. @throws MalformedError when it is cut short. */
export function decodeDeleteTxn(reader: JuteReader): DeleteTxn {
  return { path: reader.text() };
}

/** Appends a txn of delete or deleteContainer. */
export function encodeDeleteTxn(writer: JuteWriter, txn: DeleteTxn): void {
  writer.ustring(txn.path);
}

/** Reads a txn of setData or reconfig. @throws MalformedError when it is cut short. */
export function decodeSetDataTxn(reader: JuteReader): SetDataTxn {
  const path = reader.text();
  const data = reader.buffer();
  return { path, data, version: reader.int() };
}

/** Appends a txn of setData or reconfig. */
export function encodeSetDataTxn(writer: JuteWriter, txn: SetDataTxn): void {
  writer.ustring(txn.path);
  writer.buffer(txn.data);
  writer.int(txn.version);
}

/** Reads a txn of setACL. @throws MalformedError when it is cut short. */
export function decodeSetAclTxn(reader: JuteReader): SetAclTxn {
  const path = reader.text();
  const acl = decodeAcls(reader);
  return { path, acl, version: reader.int() };
}

/** Appends a txn of setACL. */
export function encodeSetAclTxn(writer: JuteWriter, txn: SetAclTxn): void {
  writer.ustring(txn.path);
  encodeAcls(writer, txn.acl);
  writer.int(txn.version);
}

/** Reads a txn of check. @throws MalformedError when it is cut short. */
export function decodeCheckVersionTxn(reader: JuteReader): CheckVersionTxn {
  const path = reader.text();
  return { path, version: reader.int() };
}

/** Appends a txn of check. */
export function encodeCheckVersionTxn(writer: JuteWriter, txn: CheckVersionTxn): void {
  writer.ustring(txn.path);
  writer.int(txn.version);
}
