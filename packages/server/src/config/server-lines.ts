// The `server.N` lines: how many servers there are, and where this one listens for clients.
//
//   line    = host ":" port ":" port [ ":" ( "participant" | "observer" ) ] *( "|" host ":" port ":" port )
//             [ ";" client [ ";" client ] ]
//   client  = port | host ":" port
//   host    = name | address | "[" IPv6 address "]"
//
// Source: QuorumPeer.QuorumServer and QuorumPeerConfig of Apache ZooKeeper.

import type { ListenAddress } from './server-config.ts';

/** One line, read. */
export interface ServerLine {
  readonly id: bigint;
  readonly isObserver: boolean;
  /** The part after `;`. */
  readonly client: ListenAddress | undefined;
}

/** A line that cannot be read. The text ends a sentence that begins with the line. */
export interface ServerLineFault {
  readonly reason: string;
}

const REMEDY_FORM = 'host:quorumPort:electionPort[:participant|observer][;[host:]clientPort]';

/** What to write instead of a line that cannot be read. */
export const serverLineRemedy: string = `Write ${REMEDY_FORM}.`;

/** Reads `server.<key>=<value>`. */
export function readServerLine(key: string, value: string): ServerLine | ServerLineFault {
  const idText = key.slice('server.'.length);
  if (!/^-?\d{1,19}$/.test(idText)) return { reason: 'does not name the server by a number' };
  const [servers = '', client, secureClient, ...rest] = value.split(';');
  if (rest.length > 0) return { reason: 'has too many parts' };
  if (secureClient !== undefined)
    return { reason: 'asks for a port with TLS, which is not supported yet' };
  let isObserver = false;
  for (const server of servers.split('|')) {
    const parts = splitAddress(server.trim());
    if (parts === undefined || parts.length < 3 || parts.length > 4)
      return { reason: 'is not an address with two ports' };
    const [host, quorumPort, electionPort, role] = parts;
    if (host === '' || !isPort(quorumPort) || !isPort(electionPort)) {
      return { reason: 'is not an address with two ports' };
    }
    if (role !== undefined) {
      const name = role.trim().toLowerCase();
      if (name !== 'participant' && name !== 'observer') {
        return { reason: 'ends in neither participant nor observer' };
      }
      isObserver = name === 'observer';
    }
  }
  if (client === undefined) return { id: BigInt(idText), isObserver, client: undefined };
  const address = readClientAddress(client.trim());
  if (address === undefined) return { reason: 'has no client address after the semicolon' };
  return { id: BigInt(idText), isObserver, client: address };
}

function readClientAddress(text: string): ListenAddress | undefined {
  const parts = splitAddress(text);
  if (parts === undefined || parts.length > 2) return undefined;
  const port = parts.at(-1);
  if (!isPort(port)) return undefined;
  if (parts.length === 1) return { host: undefined, port: Number(port) };
  return parts[0] === '' ? undefined : { host: parts[0], port: Number(port) };
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

function isPort(text: string | undefined): boolean {
  return text !== undefined && /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
}
