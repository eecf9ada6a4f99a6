import { decodeUtf8 } from '@zooid/protocol';
import type { AuthOutcome, AuthProvider } from './auth-provider.ts';

/** What became of the name that a client gave: `none` when it gave none, or every name is taken. */
export type EnsembleVerdict = 'ours' | 'another' | 'none';

/**
 * Scheme `ensemble`: a client names the ensemble that it means to talk to, and is hung up on when it
 * reached another. Proves no id, and means nothing in an ACL. Source: EnsembleAuthenticationProvider.
 */
export class EnsembleProvider implements AuthProvider {
  readonly scheme = 'ensemble';
  readonly isAuthenticated = false;
  /** Undefined takes every name. */
  readonly #names: ReadonlySet<string> | undefined;

  readonly #onJudged: ((verdict: EnsembleVerdict) => void) | undefined;

  /**
   * @param names - comma-separated, as in `ensembleAuthName`; an empty text takes every name.
   * @param onJudged - told of every client that uses the scheme, for counting.
   */
  constructor(names: string, onJudged?: (verdict: EnsembleVerdict) => void) {
    this.#onJudged = onJudged;
    this.#names = names === '' ? undefined : new Set(names.split(',').map((name) => name.trim()));
  }

  authenticate(bytes: Uint8Array | null): AuthOutcome {
    if (bytes === null || bytes.byteLength === 0 || this.#names === undefined) {
      this.#onJudged?.('none');
      return { kind: 'ok', ids: [] };
    }
    const isOurs = this.#names.has(decodeUtf8(bytes, 0, bytes.byteLength));
    this.#onJudged?.(isOurs ? 'ours' : 'another');
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
