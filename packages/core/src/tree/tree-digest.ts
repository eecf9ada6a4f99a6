import { crc32OfStat } from './crc32.ts';
import { DigestSum } from './digest-sum.ts';
import {
  CZXID,
  DIGEST,
  FLAG_STALE_DIGEST,
  FLAG_UNDIGESTED,
  FLAGS,
  PAGE_SHIFT,
  PREFIX_CRC,
  ROW_MASK,
  ROW_SHIFT,
} from './row.ts';

/**
 * The sum of the digests of all znodes (digest.ts), modulo 2^64, kept up as they change. Source: AdHash.
 *
 * A parent changes with every child, and nobody asks for the sum each time: a changed row is only noted, and
 * the sum brought up to date when somebody asks, or when the list is full.
 */
export class TreeDigest {
  readonly #pages: readonly Int32Array[];
  /** The sum, but for the rows that are stale. */
  readonly #sum = new DigestSum();
  /** Rows with FLAG_STALE_DIGEST, the first `#staleCount`, and some that had it and were settled or freed. */
  readonly #stale: Int32Array = new Int32Array(256);
  #staleCount = 0;

  constructor(pages: readonly Int32Array[]) {
    this.#pages = pages;
  }

  /** High half of the sum, an int32. */
  get high(): number {
    this.#settle();
    return this.#sum.high;
  }

  /** Low half of the sum, an int32. */
  get low(): number {
    this.#settle();
    return this.#sum.low;
  }

  /** Brings the digest of one row up to date. */
  settleRow(page: Int32Array, base: number): void {
    if ((page[base + FLAGS]! & FLAG_STALE_DIGEST) !== 0) this.#update(page, base);
  }

  /** Notes that path, data or stat of a row changed. */
  touch(row: number, page: Int32Array, base: number): void {
    const flags = page[base + FLAGS]!;
    if ((flags & (FLAG_UNDIGESTED | FLAG_STALE_DIGEST)) !== 0) return;
    if (this.#staleCount === this.#stale.length) this.#settle();
    page[base + FLAGS] = flags | FLAG_STALE_DIGEST;
    this.#stale[this.#staleCount++] = row;
  }

  /** Takes a new row into the sum at once. */
  add(page: Int32Array, base: number): void {
    this.#update(page, base);
  }

  /** Takes a row out that is about to be freed. */
  drop(page: Int32Array, base: number): void {
    this.#sum.move(page[base + DIGEST]!, 0);
    page[base + DIGEST] = 0;
  }

  /** Forgets all rows. */
  clear(): void {
    this.#sum.high = 0;
    this.#sum.low = 0;
    this.#staleCount = 0;
  }

  #settle(): void {
    const stale = this.#stale;
    const count = this.#staleCount;
    for (let i = 0; i < count; i++) {
      const row = stale[i]!;
      const page = this.#pages[row >>> PAGE_SHIFT]!;
      const base = (row & ROW_MASK) << ROW_SHIFT;
      if ((page[base + FLAGS]! & FLAG_STALE_DIGEST) !== 0) this.#update(page, base);
    }
    this.#staleCount = 0;
  }

  #update(page: Int32Array, base: number): void {
    const digest = crc32OfStat(page[base + PREFIX_CRC]!, page, base + CZXID);
    const old = page[base + DIGEST]!;
    page[base + FLAGS] = page[base + FLAGS]! & ~FLAG_STALE_DIGEST;
    page[base + DIGEST] = digest;
    this.#sum.move(old, digest);
  }
}
