import type { ServerAddress } from '../transport/connect-string.ts';

/** One exchange of tokens with one server. */
export interface SaslExchange {
  /**
   * The next token for the server.
   *
   * @param challenge - what the server sent; null at the start.
   * @returns undefined when the server is believed and nothing more is to be said. Throws when it is not.
   */
  respond(challenge: Uint8Array | null): Uint8Array | undefined | Promise<Uint8Array | undefined>;
}

/** A way to authenticate by SASL: a plug for GSSAPI, DIGEST-MD5 or another mechanism that a server knows. */
export interface SaslMechanism {
  /** Begins an exchange; once for each connection. */
  start(server: ServerAddress): SaslExchange;
}
