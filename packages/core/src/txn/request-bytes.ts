import type { JuteWriter } from '@zooid/protocol';
import { CRC32_NATIVE_BYTES_MIN, crc32, crc32Copying } from '../tree/crc32.ts';
import { copyWords, WORD_COPY_BYTES_MAX } from '../tree/znode-store.ts';
import { ViewCache } from '../view-cache.ts';

/**
 * Copies paths and data from requests into transactions: by words, since many of both lie in one array, and a view over it
 * is made once.
 */
export class RequestBytes {
  readonly #isSummed: boolean;
  readonly #requestViews = new ViewCache();
  readonly #txnViews = new ViewCache();

  /** Without digests nobody asks for a sum, and none is made. */
  constructor(options: { readonly digestEnabled: boolean }) {
    this.#isSummed = options.digestEnabled;
  }

  /** Appends `length` bytes as they are. */
  copy(out: JuteWriter, bytes: Uint8Array, start: number, length: number): void {
    if (length > WORD_COPY_BYTES_MAX) {
      out.raw(bytes, start, start + length);
      return;
    }
    out.ensure(length);
    const at = out.length;
    out.length = at + length;
    copyWords(this.#requestViews.of(bytes), start, length, this.#txnViews.of(out.bytes), at);
  }

  /**
   * Appends data as a jute buffer; a length of -1 is null.
   *
   * @param crc - CRC-32 of what precedes the data in the digest.
   * @returns the CRC with the data.
   */
  copySummed(
    out: JuteWriter,
    bytes: Uint8Array,
    start: number,
    length: number,
    crc: number,
  ): number {
    out.int(length);
    if (length <= 0) return crc;
    const end = start + length;
    if (!this.#isSummed || length >= CRC32_NATIVE_BYTES_MIN) {
      this.copy(out, bytes, start, length);
      return this.#isSummed ? crc32(crc, bytes, start, end) : 0;
    }
    out.ensure(length);
    const at = out.length;
    out.length = at + length;
    const source = this.#requestViews.of(bytes);
    return crc32Copying(crc, source, start, end, this.#txnViews.of(out.bytes), at);
  }
}
