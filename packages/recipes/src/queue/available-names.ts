import { compareItems, type ItemName, parseName, type QueueLayout } from './queue-layout.ts';

/** Names taken from the front before the array is cut. */
const CUT_AT = 1_024;

/**
 * The items of a queue that nobody has taken, as far as we know, in their order.
 *
 * An item is offered ⇔ it is there, has no lock, and we have not claimed it.
 */
export class AvailableNames {
  readonly #layout: QueueLayout;
  readonly #items = new Map<string, ItemName>();
  readonly #locked = new Set<string>();
  /** Claimed by us; true when the lock has had an event since. */
  readonly #claimed = new Map<string, boolean>();
  /** Sorted from `#head` on. Holds every offered item once, and perhaps others that are offered no more. */
  #line: ItemName[] = [];
  #head = 0;
  readonly #inLine = new Set<string>();

  constructor(layout: QueueLayout) {
    this.#layout = layout;
  }

  addItem(name: string): void {
    if (this.#items.has(name)) return;
    const item = parseName(this.#layout, name);
    // A stranger's znode is left alone.
    if (item === undefined) return;
    this.#items.set(name, item);
    this.#offer(name);
  }

  removeItem(name: string): void {
    this.#items.delete(name);
  }

  addLock(name: string): void {
    this.#locked.add(name);
    if (this.#claimed.has(name)) this.#claimed.set(name, true);
  }

  removeLock(name: string): void {
    this.#locked.delete(name);
    if (this.#claimed.has(name)) this.#claimed.set(name, true);
    this.#offer(name);
  }

  /** The first one offered, without claiming it. */
  peek(): ItemName | undefined {
    for (;;) {
      const item = this.#line[this.#head];
      if (item === undefined || this.#isOffered(item.name)) return item;
      this.#dropFirst();
    }
  }

  /** Claims an item: it is not offered until the claim ends. */
  claim(name: string): void {
    this.#claimed.set(name, false);
  }

  /** Our claim has ended: the item is offered again if it is there and has no lock. */
  endClaim(name: string): void {
    this.#claimed.delete(name);
    this.#offer(name);
  }

  /** Somebody else has the lock. If that was news before the lock's last event, it is offered again. */
  endClaimLocked(name: string): void {
    if (this.#claimed.get(name) === false) this.#locked.add(name);
    this.endClaim(name);
  }

  /** The item is gone. */
  endClaimGone(name: string): void {
    this.#items.delete(name);
    this.#claimed.delete(name);
  }

  #isOffered(name: string): boolean {
    return this.#items.has(name) && !this.#locked.has(name) && !this.#claimed.has(name);
  }

  #offer(name: string): void {
    if (!this.#isOffered(name) || this.#inLine.has(name)) return;
    const item = this.#items.get(name)!;
    this.#inLine.add(name);
    // Most come at the end.
    let low = this.#head;
    let high = this.#line.length;
    if (high > low && compareItems(this.#line[high - 1]!, item) < 0) low = high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareItems(this.#line[middle]!, item) < 0) low = middle + 1;
      else high = middle;
    }
    this.#line.splice(low, 0, item);
  }

  #dropFirst(): void {
    this.#inLine.delete(this.#line[this.#head]!.name);
    this.#head++;
    if (this.#head < CUT_AT || this.#head * 2 < this.#line.length) return;
    this.#line = this.#line.slice(this.#head);
    this.#head = 0;
  }
}
