/**
 * A sum of digests (uint32 each) modulo 2^64, in two int32 halves: no bigint is made when it moves. Source: AdHash.
 */
export class DigestSum {
  high = 0;
  low = 0;

  /** Takes one digest out and another in; each may be given as uint32 or int32. */
  move(from: number, to: number): void {
    const low = this.low;
    const less = (low - from) | 0;
    let high = this.high;
    if (low >>> 0 < from >>> 0) high--;
    const more = (less + to) | 0;
    if (more >>> 0 < to >>> 0) high++;
    this.high = high | 0;
    this.low = more;
  }
}
