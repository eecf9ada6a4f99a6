/**
 * Text in and out of bytes. The one file of this package that knows Node's `Buffer`, because its
 * slices are several times faster than `TextDecoder` for short strings; a browser takes the other way.
 */

interface FastText {
  utf8Slice(start: number, end: number): string;
  latin1Slice(start: number, end: number): string;
}

interface BufferLike {
  readonly prototype: FastText;
}

const nodeBuffer = (globalThis as { Buffer?: BufferLike }).Buffer;
// Java keeps a leading byte order mark as a character; by default a TextDecoder swallows it.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/** Decodes UTF-8; malformed sequences become U+FFFD, as Java's reader does. Never throws. */
export const decodeUtf8: (bytes: Uint8Array, start: number, end: number) => string =
  nodeBuffer === undefined
    ? (bytes, start, end) => decoder.decode(bytes.subarray(start, end))
    : (bytes, start, end) => nodeBuffer.prototype.utf8Slice.call(bytes, start, end);

/** Decodes bytes that are known to be ASCII; a byte above 0x7f becomes the Latin-1 character. */
export const decodeAscii: (bytes: Uint8Array, start: number, end: number) => string =
  nodeBuffer === undefined
    ? (bytes, start, end) => {
        let text = '';
        for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!);
        return text;
      }
    : (bytes, start, end) => nodeBuffer.prototype.latin1Slice.call(bytes, start, end);

/** Encodes to UTF-8. A lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * Encodes `text` to UTF-8 into `target` from `offset` on.
 *
 * @returns bytes written. The caller has made room for `3 * text.length` bytes, which is always enough.
 */
export function encodeUtf8Into(text: string, target: Uint8Array, offset: number): number {
  const length = text.length;
  let position = offset;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) {
      // Not ASCII: the rest goes the general way.
      return (
        position - offset + encoder.encodeInto(text.slice(i), target.subarray(position)).written
      );
    }
    target[position++] = unit;
  }
  return position - offset;
}
