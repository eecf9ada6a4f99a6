import { type Acl, OpCode, type Txn, type TxnRecord } from '@zooid/protocol';
import { javaHex } from '@zooid/server/files';
import { isoTime } from './java-time.ts';
import { base64, type DataForm, printableText } from './jute-text.ts';
import { javaOpName, tryDecodeSub } from './txn-text.ts';

/**
 * One transaction for scripts. Zxids and session ids are strings in hex, as everybody writes them; data is `data` where
 * it is text, else `dataBase64`; a multi has its parts in `txns`.
 */
export function txnJson(record: TxnRecord, form: DataForm): Record<string, unknown> {
  const { header, txn, digest } = record;
  return {
    zxid: `0x${javaHex(header.zxid)}`,
    session: `0x${javaHex(header.sessionId)}`,
    cxid: header.cxid,
    time: isoTime(header.timeMs),
    type: javaOpName(header.type),
    ...bodyJson(txn, form),
    ...(digest === null ? {} : { digest: javaHex(digest.treeDigest) }),
  };
}

function bodyJson(txn: Txn, form: DataForm): Record<string, unknown> {
  switch (txn.type) {
    case OpCode.createSession:
      return { timeoutMs: txn.timeoutMs };
    case OpCode.closeSession:
      return txn.paths === null ? {} : { paths: txn.paths };
    case OpCode.error:
      return { err: txn.err };
    case OpCode.multi:
      return {
        txns: txn.txns.map((sub) => {
          const part = tryDecodeSub(sub);
          const type = javaOpName(sub.type);
          return part === undefined
            ? { type, undecodedBase64: base64(sub.data ?? new Uint8Array(0)) }
            : { type, ...bodyJson(part, form) };
        }),
      };
    case OpCode.delete:
    case OpCode.deleteContainer:
      return { path: txn.path };
    case OpCode.check:
      return { path: txn.path, version: txn.version };
    case OpCode.setACL:
      return { path: txn.path, acl: aclJson(txn.acl), version: txn.version };
    case OpCode.setData:
    case OpCode.reconfig:
      return { path: txn.path, ...dataJson(txn.data, form), version: txn.version };
    case OpCode.create:
    case OpCode.create2:
      return { ...createJson(txn, form), ephemeral: txn.ephemeral };
    case OpCode.createContainer:
      return createJson(txn, form);
    case OpCode.createTTL:
      return { ...createJson(txn, form), ttlMs: Number(txn.ttl) };
  }
}

interface Creation {
  readonly path: string;
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[];
  readonly parentCversion: number;
}

function createJson(txn: Creation, form: DataForm): Record<string, unknown> {
  return {
    path: txn.path,
    ...dataJson(txn.data, form),
    acl: aclJson(txn.acl),
    parentCversion: txn.parentCversion,
  };
}

/** `data` or `dataBase64`, or how long it is. */
export function dataJson(data: Uint8Array | null, form: DataForm): Record<string, unknown> {
  if (data === null) return { data: null };
  switch (form) {
    case 'auto': {
      const text = printableText(data);
      return text === undefined ? { dataBase64: base64(data) } : { data: text };
    }
    case 'hex':
      return { dataHex: Buffer.from(data).toString('hex') };
    case 'base64':
      return { dataBase64: base64(data) };
    case 'none':
      return { dataLength: data.byteLength };
  }
}

function aclJson(acls: readonly Acl[]): Record<string, unknown>[] {
  return acls.map(({ perms, scheme, id }) => ({ perms, scheme, id }));
}
