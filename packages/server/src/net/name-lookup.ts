import { type LookupAddress, lookup } from 'node:dns';
import { isIP, isIPv6 } from 'node:net';

/** Lookups at a time: each holds one of libuv's four threads, which the log writes with, for as long as the resolver hangs. */
const LOOKUPS_MAX = 2;
/** How long a resolver may take before the addresses that it gave last are used. */
const PATIENCE_MS = 500;

/** What a lookup came to: addresses, or why there are none. */
export type LookedUp = readonly LookupAddress[] | Error;

type Waiter = (result: LookedUp) => void;

/** How a name is asked for; `dns.lookup` in production. */
export type Resolve = (
  host: string,
  done: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Names of other servers, resolved afresh each time, for servers move; but where the resolver fails or hangs, the last answer
 * counts: an ensemble that stands must not need it. Source: QuorumPeer.recreateSocketAddresses, which keeps the old address, too.
 */
export class NameLookup {
  readonly #resolve: Resolve;
  /** By name: who waits for the answer. One lookup serves all of them. */
  readonly #waiters = new Map<string, Set<Waiter>>();
  /** Names that wait for a thread, in order. */
  readonly #queue: string[] = [];
  readonly #lastAnswers = new Map<string, readonly LookupAddress[]>();
  #inFlight = 0;

  constructor(resolve: Resolve = (host, done) => lookup(host, { all: true }, done)) {
    this.#resolve = resolve;
  }

  /**
   * Calls `done` once, never before this returns, with the addresses of `host`, of which there is at least one, or an error.
   *
   * @returns what gives the lookup up: `done` is not called any more.
   */
  lookup(host: string, done: (result: LookedUp) => void): () => void {
    let impatience: NodeJS.Timeout | undefined;
    let isOver = false;
    const end = (result: LookedUp) => {
      if (isOver) return;
      giveUp();
      done(result);
    };
    const giveUp = () => {
      isOver = true;
      clearTimeout(impatience);
      this.#waiters.get(host)?.delete(end);
    };
    if (isIP(host) !== 0) {
      const address = { address: host, family: isIPv6(host) ? 6 : 4 };
      process.nextTick(() => end([address]));
      return giveUp;
    }
    const known = this.#lastAnswers.get(host);
    if (known !== undefined) impatience = setTimeout(() => end(known), PATIENCE_MS);
    const waiters = this.#waiters.get(host);
    if (waiters !== undefined) {
      waiters.add(end);
      return giveUp;
    }
    this.#waiters.set(host, new Set([end]));
    this.#queue.push(host);
    this.#next();
    return giveUp;
  }

  #next(): void {
    while (this.#inFlight < LOOKUPS_MAX) {
      const host = this.#queue.shift();
      if (host === undefined) return;
      this.#inFlight++;
      this.#resolve(host, (error, addresses) => {
        this.#inFlight--;
        this.#onAnswer(host, error, addresses);
        this.#next();
      });
    }
  }

  #onAnswer(host: string, error: Error | null, addresses: readonly LookupAddress[]): void {
    const waiters = this.#waiters.get(host) ?? new Set();
    this.#waiters.delete(host);
    let result: LookedUp;
    if (error === null && addresses.length > 0) {
      this.#lastAnswers.set(host, addresses);
      result = addresses;
    } else {
      result = this.#lastAnswers.get(host) ?? error ?? new Error(`${host} has no address`);
    }
    for (const waiter of [...waiters]) waiter(result);
  }
}
