const SECRET = 0xb3415c00n;

// java.util.Random is a linear congruential generator of 48 bits:
// seed = seed * 0x5DEECE66D + 0xB. Both factors are kept as halves of 24 bits, so that every
// product is exact in a double.
const HALF = 0x1_000_000;
const MULTIPLIER_HIGH = 0x5de;
const MULTIPLIER_LOW = 0xece66d;

/**
 * The 16 bytes that prove to any server of the ensemble that a client owns session `id`: what Java's
 * Random seeded with `id ^ 0xB3415C00` gives. Any Java server computes the same.
 *
 * Source: ZooKeeperServer.generatePasswd.
 */
export function sessionPassword(id: bigint): Uint8Array {
  const start = BigInt.asUintN(48, id ^ SECRET);
  let high = Number(start >> 24n) ^ MULTIPLIER_HIGH;
  let low = Number(start & 0xffffffn) ^ MULTIPLIER_LOW;
  const password = new Uint8Array(16);
  for (let at = 0; at < 16; at += 4) {
    const product = low * MULTIPLIER_LOW + 0xb;
    const carry = Math.floor(product / HALF);
    high = (high * MULTIPLIER_LOW + low * MULTIPLIER_HIGH + carry) % HALF;
    low = product % HALF;
    // nextInt is the upper 32 of the 48 bits; nextBytes takes it from the lowest byte up.
    const value = (high << 8) | (low >>> 16);
    password[at] = value;
    password[at + 1] = value >> 8;
    password[at + 2] = value >> 16;
    password[at + 3] = value >> 24;
  }
  return password;
}

/**
 * Whether `offered` is the password of session `id`. Every byte is looked at, so that the time taken
 * does not tell how many of them were right.
 */
export function isSessionPassword(id: bigint, offered: Uint8Array | null): boolean {
  if (offered === null || offered.byteLength !== 16) return false;
  const expected = sessionPassword(id);
  let difference = 0;
  for (let i = 0; i < 16; i++) difference |= expected[i]! ^ offered[i]!;
  return difference === 0;
}
