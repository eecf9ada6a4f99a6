/** A zxid is an epoch and, in its lower 32 bits, a counter: `epoch * 2^32 + counter`, exact as a number below epoch 2^21. */

const TWO_32 = 0x1_0000_0000;

/** The zxid that begins an epoch; no transaction has it. */
export function firstZxidOf(epoch: number): number {
  return epoch * TWO_32;
}

export function epochOf(zxid: number): number {
  return Math.floor(zxid / TWO_32);
}

export function counterOf(zxid: number): number {
  return zxid % TWO_32;
}
