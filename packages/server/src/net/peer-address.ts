/** Where another server of the ensemble listens for its own kind: the first half of its `server.N` line. */
export interface PeerAddress {
  /** A name or an IP address, IPv6 without brackets. */
  readonly host: string;
  readonly electionPort: number;
  readonly quorumPort: number;
}

/** One port of one host. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Where a server dials when it wants another one at this address: a detour, for tests of failing networks. */
export type PeerRoute = (address: HostPort) => HostPort;

/** `host:port`, with an IPv6 host in brackets. Source: NetUtils.formatInetAddr. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The reverse of {@link formatHostPort}; undefined when the text is no address with a port of 1 to 65535. */
export function tryParseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port };
}

/**
 * Whether an address that a server gave means that server here, too: one that listens on all addresses may say just that, or may
 * know itself as localhost. Source: InitialMessage.isWildcardAddress.
 *
 * @param from - where the server was seen.
 */
export function isReachableFrom(host: string, from: string): boolean {
  if (/^[0:.]+$/.test(host)) return false;
  return isLoopback(from) || !isLoopback(host);
}

/** IPv6 in the short form and in Java's. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || /^(?:127\..*|(?:::|(?:0+:){7})0*1)$/.test(host);
}
