import type { JuteWriter } from '@zooid/protocol';
import { CRC32_NATIVE_BYTES_MIN, crc32, crc32Copying } from '../tree/crc32.ts';
import { ViewCache } from '../tree/view-cache.ts';

/** Copies data from requests into transactions and sums it on the way: the digest of the znode needs it. */
export class SummedData {
  readonly #isSummed: boolean;
  readonly #requestViews = new ViewCache();
  readonly #txnViews = new ViewCache();

  /** Without digests nobody asks for a sum, and none is made. */
  constructor(options: { readonly digestEnabled: boolean }) {
    this.#isSummed = options.digestEnabled;
  }

  /**
   * Writes data as a jute buffer; a length of -1 is null.
   *
   * @param crc - CRC-32 of what precedes the data in the digest.
   * @returns the CRC with the data.
   */
  write(out: JuteWriter, bytes: Uint8Array, start: number, length: number, crc: number): number {
    out.int(length);
    if (length <= 0) return crc;
    const end = start + length;
    if (!this.#isSummed || length >= CRC32_NATIVE_BYTES_MIN) {
      out.raw(bytes, start, end);
      return this.#isSummed ? crc32(crc, bytes, start, end) : 0;
    }
    out.ensure(length);
    const at = out.length;
    out.length = at + length;
    const source = this.#requestViews.of(bytes);
    return crc32Copying(crc, source, start, end, this.#txnViews.of(out.bytes), at);
  }
}
