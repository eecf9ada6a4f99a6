import type { JuteReader, JuteWriter } from '@zooid/protocol';
import { getInt, putInt } from '../tree/znode-store.ts';

/*
 * The ACL vector [world:anyone all], as it stands in nearly every create and its transaction:
 *
 *     int 1 · int 31 · ustring "world" · ustring "anyone"
 *
 * It is compared and written by words, and no object is made of it.
 */
const BYTES = 27;
const words = Int32Array.of(1, 31, 5, 0x776f_726c, 0x6400_0000, 0x0661_6e79);
const REST_AT = 24;
const rest = Uint8Array.of(0x6f, 0x6e, 0x65);

/** Steps over the open ACL, if that is what the reader is at. */
export function skipOpenAcl(reader: JuteReader): boolean {
  if (reader.remaining < BYTES) return false;
  const { bytes, position } = reader;
  for (let i = 0; i < words.length; i++) {
    if (getInt(bytes, position + 4 * i) !== words[i]) return false;
  }
  for (let i = 0; i < rest.length; i++) if (bytes[position + REST_AT + i] !== rest[i]) return false;
  reader.position = position + BYTES;
  return true;
}

/** Steps over what {@link writeOpenAcl} wrote. */
export function skipKnownOpenAcl(reader: JuteReader): void {
  reader.position += BYTES;
}

/** Writes the open ACL. */
export function writeOpenAcl(out: JuteWriter): void {
  out.ensure(BYTES);
  const { bytes, length } = out;
  for (let i = 0; i < words.length; i++) putInt(bytes, length + 4 * i, words[i]!);
  for (let i = 0; i < rest.length; i++) bytes[length + REST_AT + i] = rest[i]!;
  out.length = length + BYTES;
}
