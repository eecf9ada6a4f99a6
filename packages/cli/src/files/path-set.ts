const SLOTS_MIN = 4096;

/**
 * Which paths were seen, by 64 bits of each: 16 to 32 bytes for a path, whatever its length. Exact but for paths whose
 * bits are the same.
 */
export class PathSet {
  #high: Int32Array<ArrayBuffer> = new Int32Array(SLOTS_MIN);
  #low: Int32Array<ArrayBuffer> = new Int32Array(SLOTS_MIN);
  #size = 0;
  // The bits of the path that was looked at last. 0 and 0 marks a free slot, so no path has these.
  #h = 0;
  #l = 0;
  /** A parent is asked for once for each child. */
  #known = '';

  has(path: string): boolean {
    if (path === this.#known) return true;
    this.#hash(path);
    const slot = this.#slot();
    const isThere = this.#high[slot] !== 0 || this.#low[slot] !== 0;
    if (isThere) this.#known = path;
    return isThere;
  }

  /** @returns false if it was there. */
  add(path: string): boolean {
    this.#hash(path);
    const slot = this.#slot();
    if (this.#high[slot] !== 0 || this.#low[slot] !== 0) return false;
    this.#high[slot] = this.#h;
    this.#low[slot] = this.#l;
    this.#size++;
    if (this.#size * 2 > this.#high.length) this.#grow();
    return true;
  }

  /** Where the path of the last hash is, or would be. */
  #slot(): number {
    const mask = this.#high.length - 1;
    for (let slot = this.#l & mask; ; slot = (slot + 1) & mask) {
      const high = this.#high[slot]!;
      const low = this.#low[slot]!;
      if (high === this.#h && low === this.#l) return slot;
      if (high === 0 && low === 0) return slot;
    }
  }

  /** Two independent sums over the UTF-16 units, mixed (cyrb53 without its cut to 53 bits). */
  #hash(path: string): void {
    let h = 0xdead_beef | 0;
    let l = 0x41c6_ce57;
    for (let i = 0; i < path.length; i++) {
      const unit = path.charCodeAt(i);
      h = Math.imul(h ^ unit, 0x9e37_79b1);
      l = Math.imul(l ^ unit, 0x5f35_6495);
    }
    h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b) ^ Math.imul(l ^ (l >>> 13), 0xc2b2_ae35);
    l = Math.imul(l ^ (l >>> 16), 0x85eb_ca6b) ^ Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
    this.#h = h;
    this.#l = h === 0 && l === 0 ? 1 : l;
  }

  #grow(): void {
    const high = this.#high;
    const low = this.#low;
    this.#high = new Int32Array(high.length * 2);
    this.#low = new Int32Array(high.length * 2);
    for (let i = 0; i < high.length; i++) {
      this.#h = high[i]!;
      this.#l = low[i]!;
      if (this.#h === 0 && this.#l === 0) continue;
      const slot = this.#slot();
      this.#high[slot] = this.#h;
      this.#low[slot] = this.#l;
    }
  }
}
