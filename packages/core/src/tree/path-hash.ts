/**
 * A 32-bit hash of path bytes, name by name: a child's hash follows from its parent's hash and its name.
 *
 *     hash("")         = start of the seed
 *     hash(p + "/" + n) = mix every 4 bytes of n, then the rest together with n's length
 *
 * The multiplier comes from the seed, too: without the seed nobody can tell which names collide.
 */

/** The two secrets of a hash. */
export interface HashKey {
  /** Hash of the root. */
  readonly start: number;
  /** Odd, so that multiplication loses nothing. */
  readonly multiplier: number;
}

/** The key for a seed (an int32). */
export function hashKeyOf(seed: number): HashKey {
  return {
    start: spreadHash((seed ^ 0x51ed_270b) | 0) | 0,
    multiplier: spreadHash((seed + 0x9e37_79b9) | 0) | 1,
  };
}

/** Takes four bytes of a name (big-endian) into the hash. */
export function mixHash(hash: number, word: number, multiplier: number): number {
  const mixed = hash ^ word;
  return Math.imul(mixed ^ (mixed >>> 16), multiplier);
}

/** The hash of a child: `hash` is the parent's, `[start, end)` of `bytes` the name. */
export function childHash(
  hash: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  multiplier: number,
): number {
  let at = start;
  let state = hash;
  for (const whole = end - 3; at < whole; at += 4) {
    const word =
      (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    state = mixHash(state, word, multiplier);
  }
  let rest = 0;
  for (; at < end; at++) rest = (rest << 8) | bytes[at]!;
  return mixHash(state, rest ^ ((end - start) << 24), multiplier);
}

/** Spreads a hash over all 32 bits: the index takes its high and its low ones. */
export function spreadHash(hash: number): number {
  let spread = hash ^ (hash >>> 16);
  spread = Math.imul(spread, 0x85eb_ca6b);
  spread ^= spread >>> 13;
  spread = Math.imul(spread, 0xc2b2_ae35);
  return spread ^ (spread >>> 16);
}
