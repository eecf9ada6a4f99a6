/**
 * Changing the members of the ensemble.
 *
 *     ReconfigRequest := ustring joiningServers · ustring leavingServers · ustring newMembers ·
 *                        long curConfigId
 *
 * Source: zookeeper.jute (proto.ReconfigRequest).
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';

export interface ReconfigRequest {
  /** `server.N=...` entries joined by commas; null for none (incremental form). */
  readonly joiningServers: string | null;
  /** Server ids joined by commas; null for none (incremental form). */
  readonly leavingServers: string | null;
  /** All members from now on (the other form); null for the incremental form. */
  readonly newMembers: string | null;
  /** Version that the present configuration must have; -1 matches any. */
  readonly curConfigId: bigint;
}

/** Reads the body of reconfig. @throws MalformedError when it is cut short. */
export function decodeReconfigRequest(reader: JuteReader): ReconfigRequest {
  const joiningServers = reader.ustring();
  const leavingServers = reader.ustring();
  const newMembers = reader.ustring();
  return { joiningServers, leavingServers, newMembers, curConfigId: reader.long() };
}

/** Appends the body of reconfig. */
export function encodeReconfigRequest(writer: JuteWriter, request: ReconfigRequest): void {
  writer.ustring(request.joiningServers);
  writer.ustring(request.leavingServers);
  writer.ustring(request.newMembers);
  writer.long(request.curConfigId);
}
