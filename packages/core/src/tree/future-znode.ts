import { type Acl, openAcl } from '@zooid/protocol';
import { AVERSION, CHILD_COUNT, CVERSION, DATA_BYTES, OWNER, PATH_CRC, VERSION } from './row.ts';

const NO_WORDS = new Int32Array(0);
const NO_BYTES = new Uint8Array(0);

/**
 * A look at one znode as it will be: in the tree, or in the newest change in flight. One object is used for one look-up
 * after the other; it also says where a znode would be that is not there.
 */
export class FutureZnode {
  /** Hash of its path. */
  hash = 0;
  /** Its path: `[pathStart, pathEnd)` of these bytes, empty for the root. */
  pathBytes: Uint8Array = NO_BYTES;
  pathStart = 0;
  pathEnd = 0;
  /** The newest change of the path; -1 when none is in flight. */
  change = -1;
  /** Its row in the tree; -1 when it is not there, or not there yet. */
  row = -1;
  /** Words of a row, which begins at {@link base}: the tree's or a change's. */
  words: Int32Array = NO_WORDS;
  base = 0;
  acls: readonly Acl[] = openAcl;

  get version(): number {
    return this.words[this.base + VERSION]!;
  }

  /** As stored: creations only. */
  get cversion(): number {
    return this.words[this.base + CVERSION]!;
  }

  get aversion(): number {
    return this.words[this.base + AVERSION]!;
  }

  get childCount(): number {
    return this.words[this.base + CHILD_COUNT]!;
  }

  /** Bytes of data; 0 for null. */
  get dataLength(): number {
    return Math.max(this.words[this.base + DATA_BYTES]!, 0);
  }

  /** As stored, with the marks of containers and TTL znodes. */
  get ephemeralOwner(): bigint {
    const high = this.words[this.base + OWNER]!;
    const low = this.words[this.base + OWNER + 1]!;
    return (high | low) === 0 ? 0n : (BigInt(high) << 32n) + BigInt(low >>> 0);
  }

  /** CRC-32 of the path: followed by new data, it gives what the digest goes on from. */
  get pathCrc(): number {
    return this.words[this.base + PATH_CRC]!;
  }
}
