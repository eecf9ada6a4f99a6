import { formatServerLine, type Membership, type ServerLine } from '@zooid/protocol';

/** How the server list of another server differs from that of this one. */
export interface MembershipDifferences {
  /** One sentence for each entry. */
  readonly entries: readonly string[];
  /** Only names and addresses of machines differ, which may be two names of one. */
  readonly areHostsOnly: boolean;
}

/**
 * Compares entry by entry: ids, ports, roles, groups, weights, and hosts, except that a server may call its own machine by any address.
 *
 * @returns undefined when there is no difference.
 */
export function differencesOf(
  own: Membership,
  other: Membership,
): MembershipDifferences | undefined {
  const entries: string[] = [];
  let areHostsOnly = true;
  const ids = new Set([...own.servers.keys(), ...other.servers.keys()]);
  for (const id of [...ids].sort((a, b) => a - b)) {
    const here = own.servers.get(id);
    const there = other.servers.get(id);
    if (here !== undefined && there !== undefined) {
      const difference = compareLines(here, there);
      if (difference === 'none') continue;
      if (difference === 'rest') areHostsOnly = false;
      entries.push(`server.${id} is ${textOf(here)} here and ${textOf(there)} there`);
    } else {
      areHostsOnly = false;
      const [line, where] = here === undefined ? [there!, 'there'] : [here, 'here'];
      entries.push(`server.${id}, ${textOf(line)}, is only ${where}`);
    }
  }
  for (const kind of ['groups', 'weights'] as const) {
    const [here, there] = [sorted(own[kind]), sorted(other[kind])];
    if (here === there) continue;
    areHostsOnly = false;
    entries.push(`${kind} are ${here} here and ${there} there`);
  }
  return entries.length === 0 ? undefined : { entries, areHostsOnly };
}

function compareLines(here: ServerLine, there: ServerLine): 'none' | 'hosts' | 'rest' {
  if (here.role !== there.role || here.addresses.length !== there.addresses.length) return 'rest';
  let difference: 'none' | 'hosts' = 'none';
  for (const [index, address] of here.addresses.entries()) {
    const other = there.addresses[index]!;
    if (address.quorumPort !== other.quorumPort || address.electionPort !== other.electionPort) {
      return 'rest';
    }
    const isSame =
      address.host === other.host || isAnywhere(address.host) || isAnywhere(other.host);
    if (!isSame) difference = 'hosts';
  }
  return difference;
}

/** What a server in a container writes for itself. */
function isAnywhere(host: string): boolean {
  return /^[0:.]+$/.test(host);
}

/** Where clients connect is each server's own affair. */
function textOf(line: ServerLine): string {
  return formatServerLine({ ...line, client: undefined });
}

function sorted(parts: ReadonlyMap<number, readonly number[] | number>): string {
  if (parts.size === 0) return 'none';
  const entries = [...parts].sort(([a], [b]) => a - b);
  return entries
    .map(
      ([key, value]) =>
        `${key}=${typeof value === 'number' ? value : [...value].sort((a, b) => a - b).join(':')}`,
    )
    .join(', ');
}
