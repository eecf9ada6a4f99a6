/**
 * What can go wrong on the way to a server. Messages hold names, addresses and reasons, never keys or passphrases.
 */

import { formatServer, type ServerAddress } from './connect-string.ts';

/** One address that was tried in vain. */
export interface ConnectAttempt {
  /** Address and port: `10.0.0.1:2181`, `[::1]:2181`. */
  readonly address: string;
  /** Why it failed, in words. */
  readonly reason: string;
  /** Node's error. */
  readonly error: Error;
}

/** No connection to a server could be opened at any of its addresses, or its name was not resolved. */
export class ConnectAttemptError extends Error {
  readonly code = 'CONNECT_FAILED';
  readonly server: ServerAddress;
  /** In the order in which they were tried; empty when the name was not resolved. */
  readonly attempts: readonly ConnectAttempt[];

  /**
   * @param problem - why nothing was tried, or that not all was; undefined when the attempts say it all.
   * @param cause - Node's error; that of the last attempt unless given.
   */
  constructor(
    server: ServerAddress,
    attempts: readonly ConnectAttempt[],
    problem?: string | undefined,
    cause: Error | undefined = attempts.at(-1)?.error,
  ) {
    const reasons = attempts.map(({ address, reason }) => `${address}: ${reason}`);
    if (problem !== undefined) reasons.push(problem);
    super(
      `cannot connect to ${formatServer(server)}: ${reasons.join('; ')}`,
      cause === undefined ? undefined : { cause },
    );
    this.name = 'ConnectAttemptError';
    this.server = server;
    this.attempts = attempts;
  }
}

/** A connection that was open broke. `cause` is Node's error, where there is one. */
export class ConnectionBrokenError extends Error {
  readonly code = 'CONNECTION_BROKEN';
  /** Who was on the other side: {@link Connection.remote}. */
  readonly remote: string;

  constructor(remote: string, reason: string, cause: Error | undefined) {
    super(
      `the connection to ${remote} broke: ${reason}`,
      cause === undefined ? undefined : { cause },
    );
    this.name = 'ConnectionBrokenError';
    this.remote = remote;
  }
}

/** The certificates, key or other options for TLS cannot be used. Found before any connection. */
export class TlsOptionsError extends Error {
  readonly code = 'INVALID_TLS_OPTIONS';

  constructor(reason: string, cause: Error | undefined) {
    super(
      `the options for TLS cannot be used: ${reason}`,
      cause === undefined ? undefined : { cause },
    );
    this.name = 'TlsOptionsError';
  }
}
