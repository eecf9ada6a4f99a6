/**
 * What a reconfiguration asks for: a pure decision.
 *
 * Source: PrepRequestProcessor, case reconfig.
 */

import {
  ErrorCode,
  type Membership,
  parseMembership,
  participantsOf,
  type ReconfigRequest,
  readServerId,
  readServerLine,
  type ServerLine,
} from '@zooid/protocol';

export interface ReconfigFacts {
  /** The configuration in force; the newest proposed one is the same, or another reconfiguration is under way. */
  readonly active: Membership;
  readonly lastSeen: Membership;
  /** Of the transaction: the version of what comes. */
  readonly zxid: number;
  /** `standaloneEnabled`: an ensemble cannot shrink to one server. */
  readonly isStandaloneAllowed: boolean;
}

/** @returns who will belong to the ensemble, or what the request is refused with. */
export function planReconfig(
  request: ReconfigRequest,
  facts: ReconfigFacts,
): Membership | ErrorCode {
  const { active, lastSeen, zxid } = facts;
  if (lastSeen.version !== active.version) return ErrorCode.reconfigInProgress;
  const { curConfigId } = request;
  if (curConfigId !== -1n && curConfigId !== BigInt(lastSeen.version)) return ErrorCode.badVersion;
  const next = request.newMembers === null ? change(request, lastSeen) : whole(request.newMembers);
  if (next === undefined) return ErrorCode.badArguments;
  const voterCount = participantsOf(next).length;
  if (voterCount < (facts.isStandaloneAllowed ? 2 : 1)) return ErrorCode.badArguments;
  return { ...next, version: zxid };
}

/** All members anew; entries are parted by commas or lines. */
function whole(text: string): Membership | undefined {
  const reading = parseMembership(text.replaceAll(',', '\n'));
  return reading.ok ? reading.membership : undefined;
}

function change(request: ReconfigRequest, before: Membership): Membership | undefined {
  // With groups it would be open to which one who joins belongs.
  if (before.groups.size > 0) return undefined;
  const servers = new Map<number, ServerLine>(before.servers);
  for (const leaving of parts(request.leavingServers)) {
    const id = readServerId(leaving);
    if (id === undefined) return undefined;
    servers.delete(id);
  }
  for (const joining of parts(request.joiningServers)) {
    const [key = '', value, ...rest] = joining.split('=').map((part) => part.trim());
    if (value === undefined || rest.length > 0) return undefined;
    const line = readServerLine(`server.${key.slice(key.lastIndexOf('.') + 1)}`, value);
    if ('reason' in line || line.client === undefined) return undefined;
    for (const other of servers.values()) {
      if (other.id !== line.id && sharesAddress(other, line)) return undefined;
    }
    servers.set(line.id, line);
  }
  const sorted = [...servers].sort(([left], [right]) => left - right);
  return { version: 0, servers: new Map(sorted), groups: new Map(), weights: new Map() };
}

function parts(text: string | null): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Source: QuorumServer.checkAddressDuplicate. */
function sharesAddress(left: ServerLine, right: ServerLine): boolean {
  const places = (line: ServerLine): string[] => {
    const found = line.addresses.flatMap(({ host, quorumPort, electionPort }) => [
      `${host}:${quorumPort}`,
      `${host}:${electionPort}`,
    ]);
    if (line.client !== undefined) found.push(`${line.client.host}:${line.client.port}`);
    return found;
  };
  const taken = new Set(places(left));
  return places(right).some((place) => taken.has(place));
}
