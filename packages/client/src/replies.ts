/** What the bodies of replies become. */

import {
  type Acl,
  type ClientInfo,
  decodeCreate2Response,
  decodeGetAclResponse,
  decodeGetAllChildrenNumberResponse,
  decodeGetChildren2Response,
  decodeGetDataResponse,
  decodePathResponse,
  decodeStatResponse,
  decodeWhoAmIResponse,
  type JuteReader,
} from '@zooid/protocol';
import { NodeData } from './node-data.ts';
import { type Stat, statOf } from './stat.ts';

/** A znode that was created. */
export interface Created {
  /** Its path; of a sequential one with the digits. */
  readonly path: string;
  readonly stat: Stat;
}

/** The children of a znode, with its stat at the same moment. */
export interface Children {
  /** Names, not paths, in no order. */
  readonly names: readonly string[];
  readonly stat: Stat;
}

/** The ACL of a znode, with its stat at the same moment. */
export interface NodeAcl {
  /** Digests are masked for those without the admin permission. */
  readonly acl: readonly Acl[];
  readonly stat: Stat;
}

export function readNodeData(reader: JuteReader): NodeData {
  const { data, stat } = decodeGetDataResponse(reader);
  // The reader's bytes are the connection's: they are copied, at their exact size.
  return new NodeData(data === null ? null : new Uint8Array(data), statOf(stat));
}

export function readStat(reader: JuteReader): Stat {
  return statOf(decodeStatResponse(reader).stat);
}

export function readCreated(reader: JuteReader): Created {
  const { path, stat } = decodeCreate2Response(reader);
  return { path, stat: statOf(stat) };
}

export function readPath(reader: JuteReader): string {
  return decodePathResponse(reader).path;
}

export function readChildren(reader: JuteReader): Children {
  const { children, stat } = decodeGetChildren2Response(reader);
  return { names: children, stat: statOf(stat) };
}

export function readAcl(reader: JuteReader): NodeAcl {
  const { acl, stat } = decodeGetAclResponse(reader);
  return { acl, stat: statOf(stat) };
}

export function readCount(reader: JuteReader): number {
  return decodeGetAllChildrenNumberResponse(reader).totalNumber;
}

export function readIdentities(reader: JuteReader): readonly ClientInfo[] {
  return decodeWhoAmIResponse(reader).clientInfo;
}

export function readNothing(): undefined {
  return undefined;
}
