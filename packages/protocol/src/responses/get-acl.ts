/**
 * What getACL answers.
 *
 *     GetACLResponse := vector<ACL> acl · Stat stat
 *
 * Source: zookeeper.jute (proto.GetACLResponse).
 */

import { type Acl, decodeAcls, encodeAcls } from '../acl.ts';
import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';
import { decodeStat, encodeStat, type Stat } from '../stat.ts';

export interface GetAclResponse {
  /** Digests are masked (`user:x`) for those without the admin permission. */
  readonly acl: readonly Acl[];
  readonly stat: Stat;
}

/** Reads the reply to getACL. @throws MalformedError when it is cut short. */
export function decodeGetAclResponse(reader: JuteReader): GetAclResponse {
  const acl = decodeAcls(reader);
  return { acl, stat: decodeStat(reader) };
}

/** Appends the reply to getACL. */
export function encodeGetAclResponse(writer: JuteWriter, response: GetAclResponse): void {
  encodeAcls(writer, response.acl);
  encodeStat(writer, response.stat);
}
