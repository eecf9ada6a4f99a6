/**
 * One server of an ensemble, as a line of the configuration describes it.
 *
 *     line    := "server." id "=" servers [ ";" [ client ] ]
 *     servers := server *( "|" server )
 *     server  := host ":" quorumPort ":" electionPort [ ":" ( "participant" | "observer" ) ]
 *     client  := [ host ":" ] port
 *     host    := name | address | "[" IPv6 address "]"
 *
 * Written back it always has the role, and a host before the client port. Source: QuorumPeer.QuorumServer.
 */

/** Whether a server has a vote. */
export type ServerRole = 'participant' | 'observer';

/** Where other servers reach a server. */
export interface PeerAddress {
  /** Name or address; IPv6 without brackets, in the long form that Java writes. */
  readonly host: string;
  readonly quorumPort: number;
  readonly electionPort: number;
}

/** Where clients reach a server. */
export interface ClientAddress {
  /** Name or address; `0.0.0.0` when the line has only a port. */
  readonly host: string;
  readonly port: number;
}

/** A line, read. */
export interface ServerLine {
  /** The server's number, `myid`; not negative. */
  readonly id: number;
  readonly role: ServerRole;
  /** At least one, in the order of the line. */
  readonly addresses: readonly [PeerAddress, ...PeerAddress[]];
  /** Undefined when the line has no such part. */
  readonly client: ClientAddress | undefined;
}

/** A line that cannot be read. */
export interface ServerLineFault {
  /** What is wrong, as the end of a sentence that begins with the line. */
  readonly reason: string;
}

/** Where the client port is bound when a line gives only the port. */
export const ANY_HOST = '0.0.0.0';

/** Reads `server.<id>=<value>`; a role in any letter case, spaces around it. */
export function readServerLine(key: string, value: string): ServerLine | ServerLineFault {
  const id = readServerId(key.slice('server.'.length));
  if (id === undefined) return { reason: 'does not name the server by a number' };
  // Java's split drops empty parts at the end, so a semicolon there says nothing.
  const [servers = '', client = '', secureClient = '', ...rest] = value.split(';');
  if (rest.some((part) => part !== '')) return { reason: 'has too many parts' };
  if (secureClient !== '')
    return { reason: 'asks for a port with TLS, which is not supported yet' };
  const addresses: PeerAddress[] = [];
  let role: ServerRole | undefined;
  for (const server of servers.split('|')) {
    const parts = splitAddress(server.trim());
    if (parts === undefined || parts.length < 3 || parts.length > 4)
      return { reason: 'is not an address with two ports' };
    const [host = '', quorumText, electionText, roleText] = parts;
    const quorumPort = readPort(quorumText);
    const electionPort = readPort(electionText);
    if (host === '' || quorumPort === undefined || electionPort === undefined)
      return { reason: 'is not an address with two ports' };
    if (quorumPort === electionPort)
      return {
        reason: `has port ${quorumPort} twice: the second is for elections and must differ`,
      };
    addresses.push({ host: canonicalHost(host), quorumPort, electionPort });
    if (roleText === undefined) continue;
    const named = roleText.trim().toLowerCase();
    if (named !== 'participant' && named !== 'observer')
      return { reason: 'ends in neither participant nor observer' };
    if (role !== undefined && role !== named) return { reason: 'has two different roles' };
    role = named;
  }
  const [first, ...others] = addresses;
  if (first === undefined) return { reason: 'is not an address with two ports' };
  const address = client === '' ? undefined : readClientAddress(client.trim());
  if (client !== '' && address === undefined)
    return { reason: 'has no client address after the semicolon' };
  return { id, role: role ?? 'participant', addresses: [first, ...others], client: address };
}

/** The value of a server's line as Apache's server writes it; several addresses are sorted by host. */
export function formatServerLine(line: ServerLine): string {
  const addresses = [...line.addresses]
    .sort((left, right) => (left.host < right.host ? -1 : left.host > right.host ? 1 : 0))
    .map(
      ({ host, quorumPort, electionPort }) => `${delimitHost(host)}:${quorumPort}:${electionPort}`,
    );
  const { client } = line;
  const end = client === undefined ? '' : `;${delimitHost(client.host)}:${client.port}`;
  return `${addresses.join('|')}:${line.role}${end}`;
}

/** A server's number as Java's `Long.parseLong` reads it; undefined if it is none, or negative, or beyond 2^53. */
export function readServerId(text: string): number | undefined {
  if (!/^\+?\d{1,19}$/.test(text)) return undefined;
  const id = Number(text);
  return Number.isSafeInteger(id) ? id : undefined;
}

function readClientAddress(text: string): ClientAddress | undefined {
  const parts = splitAddress(text);
  if (parts === undefined || parts.length > 2) return undefined;
  const port = readPort(parts.at(-1));
  if (port === undefined) return undefined;
  if (parts.length === 1) return { host: ANY_HOST, port };
  const host = parts[0]!;
  return host === '' ? undefined : { host: canonicalHost(host), port };
}

/** Splits at colons, except for those between brackets. Undefined if the brackets do not match. */
function splitAddress(text: string): readonly string[] | undefined {
  if (!text.startsWith('[')) return text.split(':');
  const end = text.indexOf(']');
  if (end < 0) return undefined;
  const rest = text.slice(end + 1);
  if (rest === '') return [text.slice(1, end)];
  return rest.startsWith(':') ? [text.slice(1, end), ...rest.slice(1).split(':')] : undefined;
}

function readPort(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}

function delimitHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/**
 * The form in which Java writes an IPv6 address, `::1` as `0:0:0:0:0:0:0:1`, and one that stands for IPv4 as that; any
 * other text stays. Source: Inet6Address.getHostAddress.
 */
function canonicalHost(host: string): string {
  if (!host.includes(':')) return host;
  const [address = '', scope] = host.split('%', 2);
  const groups = readIpv6(address);
  if (groups === undefined) return host;
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) {
    const [high, low] = [groups[6]!, groups[7]!];
    return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  }
  const text = groups.map((group) => group.toString(16)).join(':');
  return scope === undefined ? text : `${text}%${scope}`;
}

/** The eight groups of an IPv6 address; undefined if it is none. */
function readIpv6(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(readGroups);
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  if (tail === undefined) return head.length === 8 ? head : undefined;
  const missing = 8 - head.length - tail.length;
  return missing < 1 ? undefined : [...head, ...Array<number>(missing).fill(0), ...tail];
}

function readGroups(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const bytes = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(part)?.slice(1).map(Number);
    if (bytes !== undefined && index === parts.length - 1 && bytes.every((byte) => byte < 256)) {
      groups.push(bytes[0]! * 256 + bytes[1]!, bytes[2]! * 256 + bytes[3]!);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}
