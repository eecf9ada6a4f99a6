import type { AuthId } from './auth-id.ts';

/** What a provider may know of the connection that authenticates. */
export interface AuthFacts {
  /** Remote address without port, as Java writes it; see `hostAddress`. */
  readonly address: string;
}

/** What became of an auth packet. */
export type AuthOutcome =
  /** The connection is these from now on, too. */
  | { readonly kind: 'ok'; readonly ids: readonly AuthId[] }
  /** Answered with AuthFailed, and the connection is closed. */
  | { readonly kind: 'failed' }
  /** As `failed`: nobody here knows the scheme. */
  | { readonly kind: 'unknown-scheme' }
  /** The connection is closed without an answer, so that the client tries another server. */
  | { readonly kind: 'wrong-ensemble' };

/**
 * One authentication scheme: proves ids, and says what its ids in an ACL mean.
 *
 * This is the seam for schemes whose proof the core cannot see itself (x509: the TLS certificate; sasl:
 * its own exchange): give AccessRules a provider for ACLs, and add the proved ids to the connection.
 *
 * Source: AuthenticationProvider.
 */
export interface AuthProvider {
  readonly scheme: string;
  /** Its ids say who a client is, so `auth` in an ACL stands for them. Not so for an address. */
  readonly isAuthenticated: boolean;
  /** Judges an auth packet; `bytes` is what the client sent, null when it sent a null buffer. */
  authenticate(bytes: Uint8Array | null, facts: AuthFacts): AuthOutcome;
  /** Whether `id` may stand in an ACL. */
  isValid(id: string): boolean;
  /** Whether the id that a connection has is one that the ACL's `expression` means. */
  matches(id: string, expression: string): boolean;
  /** The part of `id` that is a name and no secret. */
  userName(id: string): string;
}
