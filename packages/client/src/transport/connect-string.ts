/**
 * The text that names the servers: `h1:2181,h2,[::1]:2183/chroot`.
 *
 * Takes what Apache's ConnectStringParser takes, but for addresses that cannot be meant: IPv6 without brackets,
 * ports outside of 1 to 65535, hosts with spaces, schemes. Does not look names up.
 */

import { pathProblem } from '@zooid/protocol';

/** Where a server listens for clients. */
export interface ServerAddress {
  /** A name or an IP address; IPv6 without brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** A connect string, taken apart. */
export interface ConnectString {
  /** At least one, in the order of the text. */
  readonly servers: readonly ServerAddress[];
  /** The znode that the client sees as its root; `''` when there is none. */
  readonly chroot: string;
}

/** A connect string does not say where to connect. */
export class ConnectStringError extends Error {
  readonly code = 'INVALID_CONNECT_STRING';
  /** The part of the text that is wrong. */
  readonly part: string;

  constructor(part: string, problem: string) {
    super(`the connect string is wrong at "${part}": ${problem}`);
    this.name = 'ConnectStringError';
    this.part = part;
  }
}

const DEFAULT_PORT = 2181;

/**
 * Takes a connect string apart: servers, separated by commas, and after the first `/` the chroot.
 *
 * Spaces around the text and around each server do not count, nor do empty entries; the port is 2181 unless given.
 *
 * @throws {ConnectStringError} naming the part that is wrong.
 */
export function parseConnectString(text: string): ConnectString {
  const trimmed = text.trim();
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(trimmed)?.[0];
  if (scheme !== undefined)
    throw new ConnectStringError(scheme, 'it begins with a server, not a scheme');
  const slash = trimmed.indexOf('/');
  const serverPart = slash < 0 ? trimmed : trimmed.slice(0, slash);
  const servers: ServerAddress[] = [];
  for (const entry of serverPart.split(',')) {
    // Apache's client passes over empty entries, too.
    if (entry.trim() !== '') servers.push(parseServer(entry.trim()));
  }
  if (servers.length === 0) throw new ConnectStringError(serverPart, 'it names no server');
  return { servers, chroot: slash < 0 ? '' : parseChroot(trimmed.slice(slash)) };
}

/** One server as a connect string names it: `h:1`, `[::1]:1`. */
export function formatServer(server: ServerAddress): string {
  const { host, port } = server;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function parseServer(entry: string): ServerAddress {
  if (entry.startsWith('[')) return parseBracketed(entry);
  const colon = entry.indexOf(':');
  if (colon < 0) return { host: checkedHost(entry, entry), port: DEFAULT_PORT };
  if (entry.includes(':', colon + 1)) {
    throw new ConnectStringError(
      entry,
      'an IPv6 address stands in brackets, a server has one port',
    );
  }
  const host = checkedHost(entry.slice(0, colon), entry);
  // ZooKeeper takes a colon without a port for the usual one.
  if (colon === entry.length - 1) return { host, port: DEFAULT_PORT };
  return { host, port: parsePort(entry.slice(colon + 1), entry) };
}

function parseBracketed(entry: string): ServerAddress {
  const end = entry.indexOf(']');
  if (end < 0) throw new ConnectStringError(entry, 'the bracket is not closed');
  const host = entry.slice(1, end);
  if (!isIpv6(host)) throw new ConnectStringError(entry, 'in the brackets is no IPv6 address');
  const rest = entry.slice(end + 1);
  if (rest === '') return { host, port: DEFAULT_PORT };
  if (!rest.startsWith(':')) throw new ConnectStringError(entry, 'only a port follows the bracket');
  return { host, port: parsePort(rest.slice(1), entry) };
}

/** Without `node:net`, so that a browser can ask as well. A zone (`fe80::1%eth0`) is not part of the address. */
function isIpv6(text: string): boolean {
  const [, address] = /^([0-9a-f:.]+)(?:%[\w.-]+)?$/i.exec(text) ?? [];
  return address?.includes(':') === true && URL.canParse(`http://[${address}]/`);
}

function checkedHost(host: string, entry: string): string {
  if (host === '') throw new ConnectStringError(entry, 'the host is missing');
  const wrong = /[\s\p{Cc}[\]@?#%;\\"<>|^`{}]/u.exec(host)?.[0];
  if (wrong === undefined) return host;
  throw new ConnectStringError(entry, `a host has no ${JSON.stringify(wrong)}`);
}

function parsePort(text: string, entry: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new ConnectStringError(entry, 'the port is not a number from 1 to 65535');
}

function parseChroot(path: string): string {
  if (path === '/') return '';
  const problem = pathProblem(path);
  if (problem !== undefined) throw new ConnectStringError(path, `as a chroot, ${problem}`);
  return path;
}
