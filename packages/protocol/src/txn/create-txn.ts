/**
 * A znode comes into being.
 *
 *     CreateTxnV0        := ustring path · buffer data · vector<ACL> acl · boolean ephemeral
 *     CreateTxn          := CreateTxnV0 · int parentCVersion
 *     CreateContainerTxn := ustring path · buffer data · vector<ACL> acl · int parentCVersion
 *     CreateTTLTxn       := CreateContainerTxn · long ttl
 *
 * CreateTxnV0 is what servers before 3.4 logged. The path of a sequential znode has its suffix.
 * Source: zookeeper.jute (txn.CreateTxnV0, CreateTxn, CreateContainerTxn, CreateTTLTxn), SerializeUtils.
 */

import { type Acl, decodeAcls, encodeAcls } from '../acl.ts';
import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';

/** What every creation says. */
export interface CreateContainerTxn {
  readonly path: string;
  /** A view of the bytes read; null is kept as null. */
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[];
  /** Stored cversion of the parent from now on; -1 when it is not known (CreateTxnV0): count one up. */
  readonly parentCversion: number;
}

export interface CreateTxn extends CreateContainerTxn {
  /** Whether the session of the header owns it. */
  readonly ephemeral: boolean;
}

export interface CreateTtlTxn extends CreateContainerTxn {
  /** In ms; any 64-bit value may be read. */
  readonly ttl: bigint;
}

export type CreateTxnV0 = Omit<CreateTxn, 'parentCversion'>;

/** Reads a txn of 3.3. @throws MalformedError when it is cut short. */
export function decodeCreateTxnV0(reader: JuteReader): CreateTxnV0 {
  const path = reader.text();
  const data = reader.buffer();
  const acl = decodeAcls(reader);
  return { path, data, acl, ephemeral: reader.boolean() };
}

/** Appends a txn of 3.3. */
export function encodeCreateTxnV0(writer: JuteWriter, txn: CreateTxnV0): void {
  writer.ustring(txn.path);
  writer.buffer(txn.data);
  encodeAcls(writer, txn.acl);
  writer.boolean(txn.ephemeral);
}

/**
 * Reads a txn of create or create2; where the bytes end after `ephemeral` it is a CreateTxnV0, whose
 * `parentCversion` is -1.
 *
 * @throws MalformedError when it is cut short elsewhere.
 */
export function decodeCreateTxn(reader: JuteReader): CreateTxn {
  const path = reader.text();
  const data = reader.buffer();
  const acl = decodeAcls(reader);
  const ephemeral = reader.boolean();
  const parentCversion = reader.remaining === 0 ? -1 : reader.int();
  return { path, data, acl, ephemeral, parentCversion };
}

/** Appends a txn of create or create2. */
export function encodeCreateTxn(writer: JuteWriter, txn: CreateTxn): void {
  encodeCreateTxnV0(writer, txn);
  writer.int(txn.parentCversion);
}

/** Reads a txn of createContainer. @throws MalformedError when it is cut short. */
export function decodeCreateContainerTxn(reader: JuteReader): CreateContainerTxn {
  const path = reader.text();
  const data = reader.buffer();
  const acl = decodeAcls(reader);
  return { path, data, acl, parentCversion: reader.int() };
}

/** Appends a txn of createContainer. */
export function encodeCreateContainerTxn(writer: JuteWriter, txn: CreateContainerTxn): void {
  writer.ustring(txn.path);
  writer.buffer(txn.data);
  encodeAcls(writer, txn.acl);
  writer.int(txn.parentCversion);
}

/** Reads a txn of createTTL. @throws MalformedError when it is cut short. */
export function decodeCreateTtlTxn(reader: JuteReader): CreateTtlTxn {
  const path = reader.text();
  const data = reader.buffer();
  const acl = decodeAcls(reader);
  const parentCversion = reader.int();
  return { path, data, acl, parentCversion, ttl: reader.long() };
}

/** Appends a txn of createTTL. */
export function encodeCreateTtlTxn(writer: JuteWriter, txn: CreateTtlTxn): void {
  encodeCreateContainerTxn(writer, txn);
  writer.long(txn.ttl);
}
