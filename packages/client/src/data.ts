import { encodeUtf8 } from '@zooid/protocol';
import type { DataInput } from './options.ts';

const NO_BYTES = new Uint8Array(0);

/** What is sent for data that a caller gave; none given is empty data. */
export function bytesOf(data: DataInput | undefined): Uint8Array | null {
  if (data === undefined) return NO_BYTES;
  if (data === null || data instanceof Uint8Array) return data;
  if (typeof data === 'string') return encodeUtf8(data);
  throw new TypeError('data must be a string, a Uint8Array or null');
}
