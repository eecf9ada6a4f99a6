import type { AuthFacts, AuthOutcome, AuthProvider } from './auth-provider.ts';
import { isInNetwork, parseNetwork } from './ip-address.ts';

/**
 * Scheme `ip`: a connection is its remote address, from the start. In an ACL, an address or a network
 * `address/bits`; IPv4, and IPv6 since 3.9.4. Source: IPAuthenticationProvider.
 */
export const ipProvider: AuthProvider = {
  scheme: 'ip',
  // An address is where somebody is, not who: `auth` in an ACL does not stand for it.
  isAuthenticated: false,

  authenticate(_bytes: Uint8Array | null, facts: AuthFacts): AuthOutcome {
    return { kind: 'ok', ids: [{ scheme: 'ip', id: facts.address }] };
  },

  isValid(id: string): boolean {
    return parseNetwork(id) !== undefined;
  },

  matches(id: string, expression: string): boolean {
    return isInNetwork(id, expression);
  },

  userName(id: string): string {
    return id;
  },
};
