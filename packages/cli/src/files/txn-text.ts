/**
 * One transaction as Apache's TxnLogToolkit prints it:
 *
 *     <date> session 0x<session> cxid 0x<cxid> zxid 0x<zxid> <type> <what it did>
 *
 * The form of 3.8 and 3.9 (a delete is `'/path`), with two exceptions: what a multi is made of is
 * printed as trunk does (3.9 prints its encoded bytes), and data that is no text in hex (3.9 replaces what it cannot decode).
 */

import {
  decodeSubTxn,
  MalformedError,
  OpCode,
  opName,
  type Txn,
  type TxnRecord,
} from '@zooid/protocol';
import { javaHex } from '@zooid/server/files';
import { javaShortDate } from './java-time.ts';
import {
  type DataForm,
  javaAclList,
  juteAcls,
  juteString,
  juteStrings,
  printData,
} from './jute-text.ts';

/** One transaction, with the newline that ends it. */
export function txnText(record: TxnRecord, form: DataForm): string {
  const { header, txn } = record;
  const cxid = (header.cxid >>> 0).toString(16);
  const line =
    `${javaShortDate(header.timeMs)} session 0x${javaHex(header.sessionId)} cxid 0x${cxid} ` +
    `zxid 0x${javaHex(header.zxid)} ${javaOpName(header.type)} ${bodyText(txn, form)}`;
  return line.endsWith('\n') ? line : `${line}\n`;
}

/** Name of a type as Apache's `Request.op2String` has it. */
export function javaOpName(type: number): string {
  return type === OpCode.createTTL ? 'createTtl' : opName(type);
}

function bodyText(txn: Txn, form: DataForm): string {
  switch (txn.type) {
    case OpCode.delete:
    case OpCode.deleteContainer:
      return `${juteString(txn.path)}\n`;
    case OpCode.check:
      return `${juteString(txn.path)},${txn.version}\n`;
    case OpCode.createSession:
      return `${txn.timeoutMs}\n`;
    case OpCode.closeSession:
      return txn.paths === null ? '' : `${juteStrings(txn.paths)}\n`;
    case OpCode.error:
      return `${txn.err}\n`;
    case OpCode.setACL:
      return `${juteString(txn.path)},${juteAcls(txn.acl)},${txn.version}\n`;
    case OpCode.multi:
      return txn.txns.map((sub) => `${javaOpName(sub.type)}:${partText(sub, form)}`).join(';');
    default:
      return dataText(txn, form);
  }
}

type DataTxn = Extract<Txn, { readonly data: Uint8Array | null }>;

function dataText(txn: DataTxn, form: DataForm): string {
  const start = `${txn.path},${printData(txn.data, form)}`;
  switch (txn.type) {
    case OpCode.create:
    case OpCode.create2:
      return `${start},${javaAclList(txn.acl)},${txn.ephemeral},${txn.parentCversion}`;
    case OpCode.createContainer:
      return `${start},${javaAclList(txn.acl)},${txn.parentCversion}`;
    case OpCode.createTTL:
      return `${start},${javaAclList(txn.acl)},${txn.parentCversion},${txn.ttl}`;
    case OpCode.setData:
    case OpCode.reconfig:
      return `${start},${txn.version}`;
  }
}

type SubTxn = Extract<Txn, { readonly type: typeof OpCode.multi }>['txns'][number];

/** A part of a multi, on one line as trunk has it. */
function partText(sub: SubTxn, form: DataForm): string {
  const txn = tryDecodeSub(sub);
  if (txn === undefined) return printData(sub.data, 'hex');
  switch (txn.type) {
    case OpCode.error:
      return String(txn.err);
    case OpCode.delete:
    case OpCode.deleteContainer:
      return txn.path;
    case OpCode.check:
      return `${txn.path},${txn.version}`;
    default:
      return bodyText(txn, form);
  }
}

/** A part of a multi; undefined if it cannot be understood. */
export function tryDecodeSub(sub: SubTxn): Txn | undefined {
  try {
    return decodeSubTxn(sub);
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}
