/**
 * Replies as lines of text that two servers can be compared by. Every byte of the body is read;
 * what is left over is shown as such. Facts that differ from run to run (wall-clock times, session ids) go
 * through a {@link Normal}.
 */
import { type JuteReader, OpCode } from '@zooid/protocol';

/** Names for what legitimately differs between two servers. */
export interface Normal {
  time(value: bigint): string;
  session(id: bigint): string;
}

function describeBytes(bytes: Uint8Array | null): string {
  if (bytes === null) return 'null';
  if (bytes.byteLength > 200) return `<${bytes.byteLength} bytes>`;
  return JSON.stringify(Buffer.from(bytes).toString('latin1'));
}

/** One Stat; the order of fields is that of zookeeper.jute. */
export function describeStat(reader: JuteReader, normal: Normal): string {
  const czxid = reader.long();
  const mzxid = reader.long();
  const ctime = normal.time(reader.long());
  const mtime = normal.time(reader.long());
  const version = reader.int();
  const cversion = reader.int();
  const aversion = reader.int();
  const owner = normal.session(reader.long());
  const dataLength = reader.int();
  const children = reader.int();
  const pzxid = reader.long();
  return `{c=${czxid} m=${mzxid} p=${pzxid} ct=${ctime} mt=${mtime} v=${version} cv=${cversion} av=${aversion} owner=${owner} len=${dataLength} n=${children}}`;
}

function describeTexts(reader: JuteReader): string {
  const count = reader.vectorCount(4);
  if (count < 0) return 'null';
  const texts: string[] = [];
  for (let i = 0; i < count; i++) texts.push(JSON.stringify(reader.ustring()));
  return `[${texts.sort().join(' ')}]`; // Java's order is that of a hash table
}

function describeAcls(reader: JuteReader): string {
  const count = reader.vectorCount(12);
  if (count < 0) return 'null';
  const acls: string[] = [];
  // What `auth` expands to comes in the order of a Java hash table: a run of digests with the same
  // permissions is sorted.
  let run: string[] = [];
  let runPerms: number | undefined;
  const endRun = () => {
    acls.push(...run.sort());
    run = [];
  };
  for (let i = 0; i < count; i++) {
    const perms = reader.int();
    const scheme = reader.ustring();
    if (scheme !== 'digest' || perms !== runPerms) endRun();
    runPerms = perms;
    run.push(`${scheme}:${reader.ustring()}:${perms}`);
    if (scheme !== 'digest') endRun();
  }
  endRun();
  return `[${acls.join(' ')}]`;
}

function describeResults(reader: JuteReader, normal: Normal): string {
  const results: string[] = [];
  for (;;) {
    const type = reader.int();
    const isDone = reader.boolean();
    const err = reader.int();
    if (isDone) {
      results.push(`done(${type},${err})`);
      return results.join(' | ');
    }
    const body = type === OpCode.error ? `err=${reader.int()}` : describeBody(type, reader, normal);
    results.push(`${type}/${err} ${body}`);
  }
}

/** The body of a reply to a request of this type. */
export function describeBody(type: number, reader: JuteReader, normal: Normal): string {
  switch (type) {
    case OpCode.create:
    case OpCode.sync:
      return JSON.stringify(reader.ustring());
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
      return `${JSON.stringify(reader.ustring())} ${describeStat(reader, normal)}`;
    case OpCode.sasl:
      return describeBytes(reader.buffer());
    case OpCode.exists:
    case OpCode.setData:
    case OpCode.setACL:
      return describeStat(reader, normal);
    case OpCode.getData:
    case OpCode.reconfig:
      return `${describeBytes(reader.buffer())} ${describeStat(reader, normal)}`;
    case OpCode.getACL:
      return `${describeAcls(reader)} ${describeStat(reader, normal)}`;
    case OpCode.getChildren:
    case OpCode.getEphemerals:
      return describeTexts(reader);
    case OpCode.getChildren2:
      return `${describeTexts(reader)} ${describeStat(reader, normal)}`;
    case OpCode.getAllChildrenNumber:
    case OpCode.addWatch:
      return String(reader.int());
    case OpCode.multi:
    case OpCode.multiRead:
      return describeResults(reader, normal);
    case OpCode.whoAmI: {
      const count = reader.vectorCount(8);
      const infos: string[] = [];
      for (let i = 0; i < count; i++) infos.push(`${reader.ustring()}:${reader.ustring()}`);
      return infos.sort().join(' ');
    }
    default:
      return '';
  }
}
