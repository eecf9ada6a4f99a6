/** How values stand in znodes. */
export interface Codec<T> {
  encode(value: T): Uint8Array;
  /** @throws what it likes for bytes that are no such value. */
  decode(bytes: Uint8Array): T;
}

/**
 * JSON as UTF-8.
 *
 * @param check - makes a `T` of what was parsed, or throws. Without one the type is the caller's word.
 */
export function jsonCodec<T>(check: (parsed: unknown) => T = (parsed) => parsed as T): Codec<T> {
  return {
    encode: (value) => {
      const text = JSON.stringify(value);
      if (text === undefined) throw new TypeError(`${typeof value} cannot be written as JSON`);
      return new TextEncoder().encode(text);
    },
    decode: (bytes) => check(JSON.parse(new TextDecoder().decode(bytes))),
  };
}

/** Text as UTF-8. */
export const textCodec: Codec<string> = {
  encode: (value) => new TextEncoder().encode(value),
  decode: (bytes) => new TextDecoder('utf-8', { fatal: true }).decode(bytes),
};
