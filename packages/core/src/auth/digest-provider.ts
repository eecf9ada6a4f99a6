import { decodeUtf8 } from '@zooid/protocol';
import type { AuthId } from './auth-id.ts';
import type { AuthOutcome, AuthProvider } from './auth-provider.ts';

/** How the scheme `digest` is set up. */
export interface DigestOptions {
  /**
   * Base64 of the hash of the text's UTF-8 bytes: SHA-1, unless `digestAlg` chooses another. The
   * core has no cryptography of its own.
   */
  readonly hash: (text: string) => string;
  /** `super:<hash>`: whoever proves this may do everything. Undefined: nobody may. */
  readonly superDigest?: string | undefined;
}

/**
 * Scheme `digest`: an auth packet `user:password` makes the connection `user:base64(hash(packet))`. An
 * ACL names exactly such an id. Source: DigestAuthenticationProvider.
 */
export class DigestProvider implements AuthProvider {
  readonly scheme = 'digest';
  readonly isAuthenticated = true;
  readonly #hash: (text: string) => string;
  readonly #superDigest: string | undefined;

  constructor(options: DigestOptions) {
    this.#hash = options.hash;
    this.#superDigest = options.superDigest;
  }

  authenticate(bytes: Uint8Array | null): AuthOutcome {
    if (bytes === null) return { kind: 'failed' };
    const text = decodeUtf8(bytes, 0, bytes.byteLength);
    const colon = text.indexOf(':');
    const user = colon < 0 ? text : text.slice(0, colon);
    const digest = `${user}:${this.#hash(text)}`;
    const ids: AuthId[] = [];
    if (digest === this.#superDigest) ids.push({ scheme: 'super', id: '' });
    ids.push({ scheme: 'digest', id: digest });
    return { kind: 'ok', ids };
  }

  /** `user:hash`. Java's split ignores colons at the end, and so they are allowed there. */
  isValid(id: string): boolean {
    const colon = id.indexOf(':');
    if (colon < 0) return false;
    return /^[^:]+:*$/.test(id.slice(colon + 1));
  }

  matches(id: string, expression: string): boolean {
    return id === expression;
  }

  userName(id: string): string {
    const colon = id.indexOf(':');
    return colon < 0 ? id : id.slice(0, colon);
  }
}
