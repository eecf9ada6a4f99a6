/** The block format of Snappy; the stream format around it is in `snapshot-source.ts`. */
declare module 'snappyjs' {
  /** Compresses one block. */
  export function compress(bytes: Uint8Array): Uint8Array;
  /** Undoes {@link compress}. Throws an Error for malformed input or a result longer than `bytesMax`. */
  export function uncompress(bytes: Uint8Array, bytesMax?: number): Uint8Array;
}
