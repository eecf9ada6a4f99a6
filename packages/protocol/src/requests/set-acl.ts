/**
 * Changing the ACL of a znode.
 *
 *     SetACLRequest := ustring path · vector<ACL> acl · int version
 *
 * Source: zookeeper.jute (proto.SetACLRequest).
 */

import { type Acl, decodeAcls, encodeAcls } from '../acl.ts';
import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';

export interface SetAclRequest {
  readonly path: string;
  readonly acl: readonly Acl[];
  /** *aversion* that the znode must have; -1 matches any. */
  readonly version: number;
}

/** Reads the body of setACL. @throws MalformedError when it is cut short. */
export function decodeSetAclRequest(reader: JuteReader): SetAclRequest {
  const path = reader.text();
  const acl = decodeAcls(reader);
  return { path, acl, version: reader.int() };
}

/** Appends the body of setACL. */
export function encodeSetAclRequest(writer: JuteWriter, request: SetAclRequest): void {
  writer.ustring(request.path);
  encodeAcls(writer, request.acl);
  writer.int(request.version);
}
