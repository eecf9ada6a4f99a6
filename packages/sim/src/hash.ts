/** A checksum of 53 bits that goes on from another: not against malice, but a stray one in 10^15. (cyrb53, by bryc; public domain.) */
export class RunningHash {
  #high: number;
  #low: number;

  /** @param from - a {@link value} to go on from. */
  constructor(from = 0) {
    this.#high = (0xdead_beef ^ Math.floor(from / 0x1_0000_0000)) | 0;
    this.#low = (0x41c6_ce57 ^ from) | 0;
  }

  word(value: number): void {
    this.#high = Math.imul(this.#high ^ value, 0x9e37_79b1);
    this.#high = (this.#high << 13) | (this.#high >>> 19);
    this.#low = Math.imul(this.#low ^ value, 0x5f35_6495);
    this.#low = (this.#low << 15) | (this.#low >>> 17);
  }

  /** Any number, whole or not. */
  number(value: number): void {
    this.word(value);
    this.word(Math.floor(value / 0x1_0000_0000));
    const fraction = value - Math.floor(value);
    if (fraction !== 0) this.word(fraction * 0x1_0000_0000);
  }

  text(text: string): void {
    for (let i = 0; i < text.length; i++) this.word(text.charCodeAt(i));
    this.word(-1);
  }

  bytes(bytes: Uint8Array, start: number, end: number): void {
    let i = start;
    for (; i + 4 <= end; i += 4) {
      this.word(bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
    }
    for (; i < end; i++) this.word(bytes[i]!);
    this.word(end - start);
  }

  get value(): number {
    let high = this.#high;
    let low = this.#low;
    high =
      Math.imul(high ^ (high >>> 16), 0x85eb_ca77) ^ Math.imul(low ^ (low >>> 15), 0xc2b2_ae3d);
    low = Math.imul(low ^ (low >>> 16), 0x85eb_ca77) ^ Math.imul(high ^ (high >>> 15), 0xc2b2_ae3d);
    return (high >>> 11) * 0x1_0000_0000 + (low >>> 0);
  }
}
