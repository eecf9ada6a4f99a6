/**
 * A 64-bit integer and its halves, by way of memory: several times faster than shifting a bigint, which
 * makes another bigint at every step.
 */
const whole = new BigInt64Array(1);
const halves = new Int32Array(whole.buffer);
whole[0] = 1n;
/** Where the high half lies in the machine's order of bytes. */
const HIGH = halves[0] === 1 ? 1 : 0;
const LOW = 1 - HIGH;

/** The signed bigint of two int32 halves. */
export function longOf(high: number, low: number): bigint {
  halves[HIGH] = high;
  halves[LOW] = low;
  return whole[0]!;
}

/** The high half of `value` as an int32; of an unsigned 64-bit value, too. */
export function highHalf(value: bigint): number {
  whole[0] = value;
  return halves[HIGH]!;
}

/** The low half of `value` as an int32. */
export function lowHalf(value: bigint): number {
  whole[0] = value;
  return halves[LOW]!;
}
