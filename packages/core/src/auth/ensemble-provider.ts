import { decodeUtf8 } from '@zooid/protocol';
import type { AuthOutcome, AuthProvider } from './auth-provider.ts';

/**
 * Scheme `ensemble`: a client names the ensemble that it means to talk to, and is hung up on when it
 * reached another. Proves no id, and means nothing in an ACL. Source: EnsembleAuthenticationProvider.
 */
export class EnsembleProvider implements AuthProvider {
  readonly scheme = 'ensemble';
  readonly isAuthenticated = false;
  readonly #names: ReadonlySet<string>;

  /** @param names - comma-separated, as in `ensembleAuthName`. */
  constructor(names: string) {
    this.#names = new Set(names.split(',').map((name) => name.trim()));
  }

  authenticate(bytes: Uint8Array | null): AuthOutcome {
    if (bytes === null || bytes.byteLength === 0) return { kind: 'ok', ids: [] };
    const isOurs = this.#names.has(decodeUtf8(bytes, 0, bytes.byteLength));
    return isOurs ? { kind: 'ok', ids: [] } : { kind: 'wrong-ensemble' };
  }

  isValid(_id: string): boolean {
    return false;
  }

  matches(_id: string, _expression: string): boolean {
    return false;
  }

  userName(id: string): string {
    return id;
  }
}
