import type { Random } from '../random.ts';

/** `connection_throttle_*`. Weights are positive, and neither of the others is below the local one. */
export interface ConnectionThrottleOptions {
  /** Size of the bucket, times `globalSessionWeight` if weighted; 0 switches the throttle off. */
  readonly tokenCount: number;
  /** Positive. */
  readonly fillTimeMs: number;
  /** Tokens added every `fillTimeMs`, times `globalSessionWeight` if weighted. */
  readonly fillCount: number;
  /** The drop chance changes at most this often; -1 keeps it at 0. */
  readonly freezeTimeMs: number;
  /** What an empty bucket adds to the drop chance, and a full enough one takes away; 0 to 1. */
  readonly dropIncrease: number;
  readonly dropDecrease: number;
  /** The share of the bucket that may be missing while the drop chance goes down; 0 to 1. */
  readonly decreaseRatio: number;
  /** Without weights every connection takes one token. */
  readonly isWeighted: boolean;
  readonly globalSessionWeight: number;
  readonly localSessionWeight: number;
  readonly renewSessionWeight: number;
}

/** What a connect request asks for. A local session exists only in ensembles with local sessions. */
export type ConnectionKind = 'global' | 'local' | 'renew';

/**
 * How many connections may begin: a token bucket, and on top of it, if there is a freeze time, a chance
 * to be dropped that grows while the bucket stays empty (the BLUE algorithm of queue management).
 *
 * Source: BlueThrottle, ZooKeeperServer.processConnectRequest.
 */
export class ConnectionThrottle {
  readonly #options: ConnectionThrottleOptions;
  readonly #random: Random;
  #tokens: number;
  #filledAtMs: number;
  #dropChance = 0;
  /** When the drop chance was last thought about. */
  #frozenAtMs: number;

  /** @param nowMs - monotonic, as in all calls. */
  constructor(options: ConnectionThrottleOptions, random: Random, nowMs: number) {
    this.#options = options;
    this.#random = random;
    this.#tokens = options.tokenCount;
    this.#filledAtMs = nowMs;
    this.#frozenAtMs = nowMs;
  }

  /** Tokens missing from a full bucket: the metric connection_token_deficit. */
  get deficit(): number {
    return this.#options.tokenCount - this.#tokens;
  }

  /** Between 0 and 1: the metric connection_drop_probability. */
  get dropChance(): number {
    return this.#dropChance;
  }

  /** Whether a connection may begin; if not, it is closed without an answer. Takes its tokens. */
  tryTake(kind: ConnectionKind, nowMs: number): boolean {
    const { tokenCount, fillTimeMs, fillCount, freezeTimeMs } = this.#options;
    if (tokenCount === 0) return true;
    const elapsedMs = nowMs - this.#filledAtMs;
    if (elapsedMs > fillTimeMs) {
      const refill = Math.floor((elapsedMs * fillCount) / fillTimeMs);
      this.#tokens = Math.min(this.#tokens + refill, tokenCount);
      this.#filledAtMs = nowMs;
    }
    if (freezeTimeMs !== -1 && this.#isDropped(nowMs)) return false;
    const needed = this.#tokensFor(kind);
    if (this.#tokens < needed) return false;
    this.#tokens -= needed;
    return true;
  }

  #isDropped(nowMs: number): boolean {
    const { tokenCount, freezeTimeMs, dropIncrease, dropDecrease, decreaseRatio } = this.#options;
    if (nowMs - this.#frozenAtMs > freezeTimeMs) {
      if (this.#tokens === 0 && this.#dropChance < 1) {
        this.#dropChance = Math.min(this.#dropChance + dropIncrease, 1);
      } else if (this.deficit <= Math.round(tokenCount * decreaseRatio) && this.#dropChance > 0) {
        this.#dropChance = Math.max(this.#dropChance - dropDecrease, 0);
      }
      this.#frozenAtMs = nowMs;
    }
    return this.#random.next() < this.#dropChance;
  }

  #tokensFor(kind: ConnectionKind): number {
    const options = this.#options;
    if (!options.isWeighted) return 1;
    if (kind === 'renew') return options.renewSessionWeight;
    return kind === 'local' ? options.localSessionWeight : options.globalSessionWeight;
  }
}
