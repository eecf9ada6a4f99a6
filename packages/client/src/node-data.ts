import { decodeUtf8 } from '@zooid/protocol';
import type { Stat } from './stat.ts';

const NO_BYTES = new Uint8Array(0);

/** A znode's data, with its stat at the same moment. */
export class NodeData {
  /** The caller's own copy; empty when the znode's data is null, too. */
  readonly data: Uint8Array;
  readonly stat: Stat;
  /** Whether the znode has no data at all, which is something other than empty data. */
  readonly isNull: boolean;

  constructor(data: Uint8Array | null, stat: Stat) {
    this.data = data ?? NO_BYTES;
    this.stat = stat;
    this.isNull = data === null;
  }

  /** The data as UTF-8. */
  text(): string {
    return decodeUtf8(this.data, 0, this.data.byteLength);
  }

  /**
   * The data as JSON.
   *
   * @throws SyntaxError when it is none. The type is the caller's word: nothing is checked.
   */
  json<T = unknown>(): T {
    return JSON.parse(this.text()) as T;
  }
}
