/** Bodies of the requests, one function each. Source: zookeeper.jute, MultiOperationRecord. */
import type { JuteWriter } from '@zooid/protocol';
import type { Body } from './wire-client.ts';

export interface WireAcl {
  readonly perms: number;
  readonly scheme: string;
  readonly id: string;
}

/** Everything for everybody. */
export const OPEN: readonly WireAcl[] = [{ perms: 31, scheme: 'world', id: 'anyone' }];

const utf8 = new TextEncoder();

/** UTF-8 of a text, or null. */
export function bytesOf(text: string | null): Uint8Array | null {
  return text === null ? null : utf8.encode(text);
}

function writeAcls(writer: JuteWriter, acls: readonly WireAcl[] | null): void {
  if (acls === null) {
    writer.int(-1);
    return;
  }
  writer.int(acls.length);
  for (const { perms, scheme, id } of acls) {
    writer.int(perms);
    writer.ustring(scheme);
    writer.ustring(id);
  }
}

export interface CreateBody {
  readonly path: string | null;
  readonly data?: string | Uint8Array | null;
  readonly acls?: readonly WireAcl[] | null;
  readonly flags?: number;
  /** Only createTTL carries it. */
  readonly ttlMs?: bigint;
}

/** create, create2, createContainer, and with `ttlMs` createTTL. */
export function create(body: CreateBody): Body {
  return (writer) => {
    writer.ustring(body.path);
    const data = body.data ?? null;
    writer.buffer(typeof data === 'string' ? bytesOf(data) : data);
    writeAcls(writer, body.acls === undefined ? OPEN : body.acls);
    writer.int(body.flags ?? 0);
    if (body.ttlMs !== undefined) writer.long(body.ttlMs);
  };
}

/** delete, check, and checkWatches, removeWatches, addWatch, whose int means something else. */
export function pathAndInt(path: string | null, value: number): Body {
  return (writer) => {
    writer.ustring(path);
    writer.int(value);
  };
}

/** exists, getData, getChildren, getChildren2. */
export function pathAndWatch(path: string | null, watch: 'watch' | 'no watch' = 'no watch'): Body {
  return (writer) => {
    writer.ustring(path);
    writer.boolean(watch === 'watch');
  };
}

/** getACL, sync, getEphemerals, getAllChildrenNumber. */
export function onlyPath(path: string | null): Body {
  return (writer) => writer.ustring(path);
}

export function setData(path: string | null, data: string | Uint8Array | null, version = -1): Body {
  return (writer) => {
    writer.ustring(path);
    writer.buffer(typeof data === 'string' ? bytesOf(data) : data);
    writer.int(version);
  };
}

export function setAcl(path: string | null, acls: readonly WireAcl[] | null, aversion = -1): Body {
  return (writer) => {
    writer.ustring(path);
    writeAcls(writer, acls);
    writer.int(aversion);
  };
}

export function auth(scheme: string, credentials: string): Body {
  return (writer) => {
    writer.int(0);
    writer.ustring(scheme);
    writer.buffer(bytesOf(credentials));
  };
}

/** setWatches with three lists, setWatches2 with five. */
export function setWatches(relativeZxid: bigint, lists: readonly (readonly string[])[]): Body {
  return (writer) => {
    writer.long(relativeZxid);
    for (const paths of lists) writer.texts(paths);
  };
}

/** One operation of a multi or multiRead. */
export interface SubOperation {
  readonly type: number;
  readonly body: Body;
}

export function multi(operations: readonly SubOperation[]): Body {
  return (writer) => {
    for (const { type, body } of operations) {
      writer.int(type);
      writer.boolean(false);
      writer.int(-1);
      body(writer);
    }
    writer.int(-1);
    writer.boolean(true);
    writer.int(-1);
  };
}

export function reconfig(
  joining: string | null,
  leaving: string | null,
  members: string | null,
  configId: bigint,
): Body {
  return (writer) => {
    writer.ustring(joining);
    writer.ustring(leaving);
    writer.ustring(members);
    writer.long(configId);
  };
}
