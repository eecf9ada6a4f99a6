/**
 * Sockets to the servers: TCP, or TLS when there are options for it.
 *
 * A name is resolved afresh each time, all its addresses count, and each gets a share of the time. With TLS the host of
 * the connect string must stand in the server's certificate; what a name resolves to, or an address back to, proves
 * nothing (CVE-2026-24281).
 */

import dns from 'node:dns/promises';
import net from 'node:net';
import tls, { type SecureContext, type TLSSocket } from 'node:tls';
import type { ServerAddress } from './connect-string.ts';
import { codeOf } from './failure-reason.ts';
import { type SocketMaker, TcpConnection } from './tcp-connection.ts';
import {
  missingCertificateNote,
  ownCertificateNote,
  secureContextOf,
  type TlsOptions,
} from './tls-options.ts';
import type { Connection, ConnectionHandlers, Transport } from './transport.ts';

export type { TlsOptions } from './tls-options.ts';

/** Finds every address, IPv4 and IPv6, that a name has now. Rejects when it has none. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** How sockets are made. */
export interface TcpTransportOptions {
  /** TLS, when given. */
  readonly tls?: TlsOptions | undefined;
  /** Default: as the operating system resolves names. */
  readonly lookup?: Lookup | undefined;
  /** Gives numbers in [0, 1), for the order of addresses. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/**
 * The way to servers by TCP or TLS.
 *
 * Connections end with a `ConnectAttemptError`, which names each address that was tried and why it failed, a
 * `ConnectionBrokenError`, or no error.
 *
 * @throws {TlsOptionsError} when a certificate, key or passphrase cannot be used.
 */
export function tcpTransport(options: TcpTransportOptions = {}): Transport {
  const { lookup = lookupAll, random = Math.random } = options;
  const maker =
    options.tls === undefined
      ? new TcpSocketMaker(lookup, random)
      : new TlsSocketMaker(lookup, random, options.tls);
  return {
    open: (server: ServerAddress, handlers: ConnectionHandlers, timeoutMs: number): Connection =>
      new TcpConnection(server, handlers, timeoutMs, maker),
  };
}

async function lookupAll(host: string): Promise<string[]> {
  const found = await dns.lookup(host, { all: true, order: 'verbatim' });
  return found.map(({ address }) => address);
}

class TcpSocketMaker implements SocketMaker {
  readonly openEvent: 'connect' | 'secureConnect' = 'connect';
  readonly #lookup: Lookup;
  readonly #random: () => number;

  constructor(lookup: Lookup, random: () => number) {
    this.#lookup = lookup;
    this.#random = random;
  }

  /** Rejects, and does not throw, whatever the function that was given does. */
  async lookup(host: string): Promise<readonly string[]> {
    return this.#lookup(host);
  }

  connect({ port }: ServerAddress, address: string): net.Socket {
    return net.connect({ host: address, port, noDelay: true, keepAlive: false });
  }

  hangUpNote(_failure: Error | undefined): string | undefined {
    return undefined;
  }

  random(): number {
    return this.#random();
  }
}

class TlsSocketMaker extends TcpSocketMaker {
  override readonly openEvent = 'secureConnect';
  readonly #options: TlsOptions;
  readonly #secureContext: SecureContext;

  constructor(lookup: Lookup, random: () => number, options: TlsOptions) {
    super(lookup, random);
    this.#options = options;
    this.#secureContext = secureContextOf(options);
  }

  override connect({ host, port }: ServerAddress, address: string): TLSSocket {
    const name = (this.#options.servername ?? host).replace(/\.$/, '');
    const socket = tls.connect({
      host: address,
      port,
      secureContext: this.#secureContext,
      // An IP address is looked for in the certificate, but is not sent as a name (RFC 6066, section 3).
      ...(net.isIP(name) === 0 && { servername: name }),
      rejectUnauthorized: this.#options.rejectUnauthorized ?? true,
      // Never the address that the name resolved to.
      checkServerIdentity: (_host, certificate) => tls.checkServerIdentity(name, certificate),
    });
    // Unlike those of net.connect, options of tls.connect do not say this.
    socket.setNoDelay(true);
    return socket;
  }

  override hangUpNote(failure: Error | undefined): string | undefined {
    const code = failure === undefined ? undefined : codeOf(failure);
    if (failure === undefined || hasServerRefused(code)) {
      return ownCertificateNote(this.#options, Date.now());
    }
    if (code !== 'ECONNRESET' && code !== 'EPIPE') return undefined;
    return ownCertificateNote(this.#options, Date.now()) ?? missingCertificateNote(this.#options);
  }
}

/** Whether it was the server that refused, by an alert of TLS. */
function hasServerRefused(code = ''): boolean {
  return code.startsWith('ERR_SSL_') && code.includes('_ALERT_');
}
