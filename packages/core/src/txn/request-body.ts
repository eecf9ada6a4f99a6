/** Parts of the bodies of write requests and of transactions: paths, ACLs, data, the operations of a multi. */

import {
  type Acl,
  createModeTraits,
  decodeAcls,
  encodeAcls,
  type JuteReader,
  type JuteWriter,
  MalformedError,
  OpCode,
  openAcl,
} from '@zooid/protocol';
import { skipOpenAcl, writeOpenAcl } from './open-acl.ts';

const SLASH = 0x2f;

/** Where the last slash is; -1 without one, or when there is a NUL: no such path can be looked up. */
export function lastSlash(bytes: Uint8Array, start: number, end: number): number {
  let slash = -1;
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte === SLASH) slash = i;
    else if (byte === 0) return -1;
  }
  return slash;
}

/** Reads an ACL vector; the open one is `openAcl` itself. @throws MalformedError */
export function readAcls(reader: JuteReader): readonly Acl[] {
  return skipOpenAcl(reader) ? openAcl : decodeAcls(reader);
}

/** Writes an ACL vector. */
export function writeAcls(out: JuteWriter, acls: readonly Acl[]): void {
  if (acls === openAcl) writeOpenAcl(out);
  else encodeAcls(out, acls);
}

/** Writes characters as single bytes. */
export function writeAscii(out: JuteWriter, text: string): void {
  for (let i = 0; i < text.length; i++) out.byte(text.charCodeAt(i));
}

/**
 * What a createTTL inside of a multi asks for, by its flags. The reader is at its body and stays there.
 * Source: Op.create with a TTL.
 */
export function opOfTtlForm(reader: JuteReader): number {
  const start = reader.position;
  reader.span();
  reader.span();
  readAcls(reader);
  const traits = createModeTraits(reader.int());
  reader.position = start;
  if (traits?.hasTtl === true) return OpCode.createTTL;
  return traits?.isContainer === true ? OpCode.createContainer : OpCode.create;
}

/** Steps over one operation of a multi. @throws MalformedError for a type that no multi may carry. */
export function skipMultiOperation(op: number, reader: JuteReader): void {
  switch (op) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
      reader.span();
      reader.span();
      readAcls(reader);
      // Apache decodes these into an operation at once, which has no room for other modes.
      if (createModeTraits(reader.int())?.hasTtl !== false) {
        throw new MalformedError('a create mode that does not exist, or has no TTL with it');
      }
      return;
    case OpCode.createTTL:
      reader.span();
      reader.span();
      readAcls(reader);
      reader.int();
      reader.long();
      return;
    case OpCode.delete:
    case OpCode.check:
      reader.span();
      reader.int();
      return;
    case OpCode.setData:
      reader.span();
      reader.span();
      reader.int();
      return;
    default:
      throw new MalformedError(`operation ${op} in a multi`);
  }
}

/** Steps over the whole multi request and returns how many operations it has. */
export function skipMultiRequest(reader: JuteReader): number {
  for (let count = 0; ; count++) {
    const op = reader.int();
    const isDone = reader.boolean();
    reader.int();
    if (isDone) return count;
    skipMultiOperation(op, reader);
  }
}

/**
 * Which operations of a multi are create2: their answer has a stat, which the transaction does not tell. Undefined when none is, or
 * when the request is malformed, which its answer will say.
 */
export function create2IndexesOf(reader: JuteReader): ReadonlySet<number> | undefined {
  const indexes = new Set<number>();
  try {
    for (let index = 0; ; index++) {
      const op = reader.int();
      const isDone = reader.boolean();
      reader.int();
      if (isDone) break;
      if (op === OpCode.create2) indexes.add(index);
      skipMultiOperation(op, reader);
    }
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return undefined;
  }
  return indexes.size === 0 ? undefined : indexes;
}

/**
 * Whether this write, or an operation of this multi, creates an ephemeral znode, which needs a session that everybody knows. False also
 * for a malformed request, which its answer will say. The reader is at its body and stays there. Source: QuorumZooKeeperServer.checkUpgradeSession.
 */
export function createsEphemeral(op: number, reader: JuteReader): boolean {
  if (op !== OpCode.create && op !== OpCode.create2 && op !== OpCode.multi) return false;
  const start = reader.position;
  try {
    return op === OpCode.multi ? multiCreatesEphemeral(reader) : isCreateOfEphemeral(reader);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return false;
  } finally {
    reader.position = start;
  }
}

function multiCreatesEphemeral(reader: JuteReader): boolean {
  for (;;) {
    const op = reader.int();
    const isDone = reader.boolean();
    reader.int();
    if (isDone) return false;
    const start = reader.position;
    const isCreate = op === OpCode.create || op === OpCode.create2;
    if (isCreate && isCreateOfEphemeral(reader)) return true;
    reader.position = start;
    skipMultiOperation(op, reader);
  }
}

/** Steps over the body of a create. */
function isCreateOfEphemeral(reader: JuteReader): boolean {
  reader.span();
  reader.span();
  readAcls(reader);
  return createModeTraits(reader.int())?.isEphemeral === true;
}
