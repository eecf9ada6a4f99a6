/**
 * Access control lists.
 *
 *     ACL := int perms · ustring scheme · ustring id        vector<ACL> := int count · ACL*
 *
 * Source: zookeeper.jute (data.ACL, data.Id), ZooDefs.Perms.
 */

import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';

/** What an ACL entry may allow; combined with `|`. */
export const Permission = {
  none: 0,
  read: 1,
  write: 2,
  create: 4,
  delete: 8,
  admin: 16,
  all: 31,
} as const;

/** Who somebody is, under one authentication scheme. */
export interface Id {
  /** `world`, `auth`, `digest`, `ip`, `x509`, `sasl`, `super`, ... */
  readonly scheme: string;
  /** Its form depends on the scheme: `anyone`, `user:hash`, an address, ... */
  readonly id: string;
}

/** One entry of an ACL: these permissions for that identity. */
export interface Acl extends Id {
  /** Bits of {@link Permission}. */
  readonly perms: number;
}

/** Everybody may do everything: `OPEN_ACL_UNSAFE` in Apache's client. */
export const openAcl: readonly Acl[] = Object.freeze([
  Object.freeze({ perms: Permission.all, scheme: 'world', id: 'anyone' }),
]);

/** Everybody may read and nothing else: `READ_ACL_UNSAFE` in Apache's client. */
export const readAcl: readonly Acl[] = Object.freeze([
  Object.freeze({ perms: Permission.read, scheme: 'world', id: 'anyone' }),
]);

/** Whoever creates the znode may do everything: `CREATOR_ALL_ACL`; the server puts in the ids. */
export const creatorAcl: readonly Acl[] = Object.freeze([
  Object.freeze({ perms: Permission.all, scheme: 'auth', id: '' }),
]);

/** The least bytes an ACL can take: three ints, both strings empty. */
const ACL_BYTES_MIN = 12;
/** The least bytes an Id can take. */
const ID_BYTES_MIN = 8;

/** Reads one Id; null strings are read as empty. */
export function decodeId(reader: JuteReader): Id {
  const scheme = reader.text();
  return { scheme, id: reader.text() };
}

/** Appends one Id. */
export function encodeId(writer: JuteWriter, id: Id): void {
  writer.ustring(id.scheme);
  writer.ustring(id.id);
}

/** Reads a vector of Ids; a null vector is read as the empty one. */
export function decodeIds(reader: JuteReader): Id[] {
  const count = reader.vectorCount(ID_BYTES_MIN);
  const ids: Id[] = [];
  for (let i = 0; i < count; i++) ids.push(decodeId(reader));
  return ids;
}

/** Appends a vector of Ids. */
export function encodeIds(writer: JuteWriter, ids: readonly Id[]): void {
  writer.int(ids.length);
  for (const id of ids) encodeId(writer, id);
}

/** Reads one entry; null strings are read as empty. */
export function decodeAcl(reader: JuteReader): Acl {
  const perms = reader.int();
  const scheme = reader.text();
  return { perms, scheme, id: reader.text() };
}

/** Appends one entry. */
export function encodeAcl(writer: JuteWriter, acl: Acl): void {
  writer.int(acl.perms);
  writer.ustring(acl.scheme);
  writer.ustring(acl.id);
}

/** Reads a whole list; a null vector is read as the empty one, which the server refuses alike. */
export function decodeAcls(reader: JuteReader): Acl[] {
  const count = reader.vectorCount(ACL_BYTES_MIN);
  const acls: Acl[] = [];
  for (let i = 0; i < count; i++) acls.push(decodeAcl(reader));
  return acls;
}

/** Appends a whole list. */
export function encodeAcls(writer: JuteWriter, acls: readonly Acl[]): void {
  writer.int(acls.length);
  for (const acl of acls) encodeAcl(writer, acl);
}

/** Whether two lists hold the same entries in the same order. */
export function sameAcl(left: readonly Acl[], right: readonly Acl[]): boolean {
  if (left === right) return true;
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) {
    const a = left[i]!;
    const b = right[i]!;
    if (a.perms !== b.perms || a.scheme !== b.scheme || a.id !== b.id) return false;
  }
  return true;
}

/** Whether a list is exactly {@link openAcl}, the list that Apache keeps as id -1. */
export function isOpenAcl(acls: readonly Acl[]): boolean {
  return sameAcl(acls, openAcl);
}
