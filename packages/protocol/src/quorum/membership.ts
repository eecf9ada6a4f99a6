/**
 * Who is in an ensemble, with which say, and at which addresses: the text of `/zookeeper/config`, of notifications, of a
 * NEWLEADER, of a reconfiguration and of the dynamic configuration file.
 *
 *     text := *( server LF ) *( group LF ) *( weight LF ) "version=" hex
 *     server := "server." id "=" as in server-line.ts
 *     group  := "group." number "=" id *( ":" id )
 *     weight := "weight." id "=" votes
 *
 * Groups and weights stand only where quorums are hierarchical. Servers are written by rising id; Apache's server
 * writes them in the order of a hash table, which is the same for ids below 16.
 * Source: QuorumMaj, QuorumHierarchical, QuorumPeerConfig.parseDynamicConfig.
 */

import { formatServerLine, readServerId, readServerLine, type ServerLine } from './server-line.ts';

/** The members of an ensemble. */
export interface Membership {
  /** Zxid of the transaction that made it; 0 for one that was only written into files so far. */
  readonly version: number;
  /** By rising id. */
  readonly servers: ReadonlyMap<number, ServerLine>;
  /** Servers by the number of their group; empty when the majority of participants decides. */
  readonly groups: ReadonlyMap<number, readonly number[]>;
  /** Votes of each server, every participant among them; empty without groups. */
  readonly weights: ReadonlyMap<number, number>;
}

/** Something that cannot be a membership. */
export interface MembershipFault {
  /** The line's key; empty when it is about all of them. */
  readonly key: string;
  /** What is wrong, as the end of a sentence that begins with the key. */
  readonly reason: string;
}

/** A membership, or everything that is against it. */
export type MembershipReading =
  | { readonly ok: true; readonly membership: Membership }
  | { readonly ok: false; readonly faults: readonly MembershipFault[] };

/** Reads the text of a membership. Blank lines and lines that begin with `#` are passed over; spaces around a part, too. */
export function parseMembership(text: string): MembershipReading {
  const entries: [string, string][] = [];
  const faults: MembershipFault[] = [];
  for (const line of text.split(/\r\n|\r|\n/)) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const end = trimmed.indexOf('=');
    if (end < 0) faults.push({ key: trimmed, reason: 'has no value' });
    else entries.push([trimmed.slice(0, end).trimEnd(), trimmed.slice(end + 1).trimStart()]);
  }
  const reading = readMembership(entries);
  if (faults.length === 0) return reading;
  return { ok: false, faults: reading.ok ? faults : [...faults, ...reading.faults] };
}

/** Reads the lines of a membership; of two with the same key the last counts. */
export function readMembership(
  lines: Iterable<readonly [key: string, value: string]>,
): MembershipReading {
  return new MembershipReader().read(new Map(lines));
}

/** The text of a membership, without a line end behind the last line. */
export function formatMembership(membership: Membership): string {
  const lines: string[] = [];
  for (const [id, line] of byRisingKey(membership.servers))
    lines.push(`server.${id}=${formatServerLine(line)}`);
  for (const [group, ids] of byRisingKey(membership.groups))
    lines.push(`group.${group}=${[...ids].sort((left, right) => left - right).join(':')}`);
  for (const [id, votes] of byRisingKey(membership.weights)) lines.push(`weight.${id}=${votes}`);
  lines.push(`version=${membership.version.toString(16)}`);
  return lines.join('\n');
}

/** The servers that have a vote, by rising id. */
export function participantsOf(membership: Membership): readonly ServerLine[] {
  return [...membership.servers.values()].filter(({ role }) => role === 'participant');
}

class MembershipReader {
  readonly #servers = new Map<number, ServerLine>();
  readonly #groups = new Map<number, readonly number[]>();
  readonly #groupOf = new Map<number, number>();
  readonly #weights = new Map<number, number>();
  readonly #faults: MembershipFault[] = [];
  #version = 0;
  #isHierarchical = false;

  read(lines: ReadonlyMap<string, string>): MembershipReading {
    for (const [key, value] of lines) this.#readLine(key, value);
    if (this.#isHierarchical) this.#checkGroups();
    if (this.#faults.length > 0) return { ok: false, faults: this.#faults };
    return {
      ok: true,
      membership: {
        version: this.#version,
        servers: new Map(byRisingKey(this.#servers)),
        groups: new Map(byRisingKey(this.#groups)),
        weights: new Map(byRisingKey(this.#weights)),
      },
    };
  }

  #readLine(key: string, value: string): void {
    if (key.startsWith('server.')) {
      const line = readServerLine(key, value);
      if ('reason' in line) this.#refuse(key, line.reason);
      else this.#servers.set(line.id, line);
    } else if (key.startsWith('group')) {
      this.#isHierarchical = true;
      this.#readGroup(key, value);
    } else if (key.startsWith('weight')) {
      this.#isHierarchical = true;
      const id = readServerId(key.slice(key.indexOf('.') + 1));
      const votes = readServerId(value);
      if (id === undefined) this.#refuse(key, 'does not name the server by a number');
      else if (votes === undefined) this.#refuse(key, 'is not a number of votes');
      else this.#weights.set(id, votes);
    } else if (key === 'version') {
      const version = /^\+?[0-9a-fA-F]{1,16}$/.test(value)
        ? Number.parseInt(value, 16)
        : Number.NaN;
      if (Number.isSafeInteger(version)) this.#version = version;
      else this.#refuse(key, 'is not the hexadecimal zxid of a configuration');
    } else {
      this.#refuse(key, 'is neither a server nor a group, a weight or the version');
    }
  }

  #readGroup(key: string, value: string): void {
    const group = readServerId(key.slice(key.indexOf('.') + 1));
    const ids = value.split(':').map((id) => readServerId(id));
    if (group === undefined) this.#refuse(key, 'does not name the group by a number');
    const members: number[] = [];
    for (const id of ids) {
      if (id === undefined) {
        this.#refuse(key, 'is not a list of servers, such as 1:2:3');
        return;
      }
      const other = this.#groupOf.get(id);
      if (other !== undefined)
        this.#refuse(key, `has server ${id}, which group.${other} has already`);
      else if (group !== undefined) this.#groupOf.set(id, group);
      members.push(id);
    }
    if (group !== undefined) this.#groups.set(group, members);
  }

  #checkGroups(): void {
    for (const { id, role } of this.#servers.values()) {
      if (role !== 'participant') continue;
      if (!this.#groupOf.has(id)) this.#refuse(`server.${id}`, 'is in no group');
      if (!this.#weights.has(id)) this.#weights.set(id, 1);
    }
    let votes = 0;
    for (const [id, group] of this.#groupOf) {
      const weight = this.#weights.get(id);
      const isParticipant = this.#servers.get(id)?.role === 'participant';
      // Apache's server counts such votes against the group, though nobody can cast them, or stops with an exception.
      if (!isParticipant && weight !== 0)
        this.#refuse(`group.${group}`, `has server ${id}, which is no participant`);
      votes += weight ?? 0;
    }
    if (votes === 0 && this.#faults.length === 0) this.#refuse('', 'no server has any vote');
  }

  #refuse(key: string, reason: string): void {
    this.#faults.push({ key, reason });
  }
}

function byRisingKey<V>(map: ReadonlyMap<number, V>): readonly (readonly [number, V])[] {
  return [...map].sort(([left], [right]) => left - right);
}
