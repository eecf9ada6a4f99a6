/**
 * What holders of a recipe did, in the order in which this process saw it, and what must be true of it.
 *
 * A holder notes `granted` right after it got the thing, and `released` right before it begins to give it back (or `lost` when its
 * signal fires), so that what overlaps here did overlap.
 */

type EventKind = 'granted' | 'released' | 'lost';

interface HistoryEvent {
  readonly kind: EventKind;
  readonly holder: string;
  readonly token: bigint;
}

export class History {
  readonly #events: HistoryEvent[] = [];
  readonly #items: { readonly kind: 'put' | 'taken'; readonly item: string }[] = [];

  granted(holder: string, token: bigint): void {
    this.#events.push({ kind: 'granted', holder, token });
  }

  released(holder: string, token: bigint): void {
    this.#events.push({ kind: 'released', holder, token });
  }

  lost(holder: string, token: bigint): void {
    this.#events.push({ kind: 'lost', holder, token });
  }

  /** An item went into a queue. */
  put(item: string): void {
    this.#items.push({ kind: 'put', item });
  }

  /** An item came out of a queue, and its work is done. */
  taken(item: string): void {
    this.#items.push({ kind: 'taken', item });
  }

  get grantCount(): number {
    return this.#grants().length;
  }

  /** Holders in the order of their grants. */
  get order(): string[] {
    return this.#grants().map(({ holder }) => holder);
  }

  /** Items in the order in which they came out. */
  get takenItems(): string[] {
    return this.#items.filter(({ kind }) => kind === 'taken').map(({ item }) => item);
  }

  /** The most that held it at the same time. */
  get holdersMax(): number {
    let holders = 0;
    let most = 0;
    for (const { kind } of this.#events) {
      holders += kind === 'granted' ? 1 : -1;
      most = Math.max(most, holders);
    }
    return most;
  }

  /** @throws Error when more than `max` held it at the same time. */
  assertAtMost(max: number): void {
    const holding = new Map<bigint, string>();
    for (const { kind, holder, token } of this.#events) {
      if (kind === 'granted') holding.set(token, holder);
      else if (!holding.delete(token)) throw new Error(`${holder} gave up ${token} unheld`);
      if (holding.size > max) {
        throw new Error(`${[...holding.values()].join(', ')} held it at once, ${max} may`);
      }
    }
  }

  /** @throws Error when a grant had a token that is not greater than that of the grant before. */
  assertTokensGrow(): void {
    let last: HistoryEvent | undefined;
    for (const grant of this.#grants()) {
      if (last !== undefined && grant.token <= last.token) {
        throw new Error(
          `${grant.holder} got ${grant.token} after ${last.holder} got ${last.token}`,
        );
      }
      last = grant;
    }
  }

  /** @throws Error when the grants were in another order than that in which holders had lined up. */
  assertOrder(expected: readonly string[]): void {
    const { order } = this;
    const at = expected.findIndex((holder, index) => order[index] !== holder);
    if (at >= 0 || order.length !== expected.length) {
      throw new Error(`granted to ${order.join(', ')}, expected ${expected.join(', ')}`);
    }
  }

  /** @throws Error when an item was lost, or came out more than once, or was never put in. */
  assertEachItemOnce(): void {
    const counts = new Map<string, number>();
    for (const { kind, item } of this.#items) {
      if (kind === 'put') counts.set(item, counts.get(item) ?? 0);
    }
    for (const item of this.takenItems) {
      const count = counts.get(item);
      if (count === undefined) throw new Error(`${item} came out, but was never put in`);
      counts.set(item, count + 1);
    }
    for (const [item, count] of counts) {
      if (count !== 1) throw new Error(`${item} came out ${count} times`);
    }
  }

  #grants(): HistoryEvent[] {
    return this.#events.filter(({ kind }) => kind === 'granted');
  }
}
