/**
 * DataViews over arrays of bytes that come again: a view takes as long to make as hundred bytes to copy, and requests
 * and transactions lie many in one array.
 */
export class ViewCache {
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = viewOf(this.#bytes);

  /** A view over the same bytes; the last one is kept. */
  of(bytes: Uint8Array): DataView {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = viewOf(bytes);
    }
    return this.#view;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
