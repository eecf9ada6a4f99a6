/** Numbers that many change, in Curator's bytes. */

import type { ZooKeeper } from '@zooid/client';
import type { WaitOptions } from '../deadline.ts';
import {
  type AtomicBytes,
  type AtomicOptions,
  type AtomicResult,
  AtomicValue,
} from './atomic-value.ts';

/** How a number stands in a znode. */
export interface NumberFormat<N> {
  readonly zero: N;
  /** @throws RangeError for bytes that are no such number. */
  decode(bytes: Uint8Array): N;
  encode(value: N): Uint8Array;
  add(a: N, b: N): N;
  negate(a: N): N;
}

/** A number that many change. A znode that does not exist counts as 0. */
export class AtomicNumber<N> {
  readonly path: string;
  readonly #value: AtomicValue;
  readonly #format: NumberFormat<N>;

  constructor(zk: ZooKeeper, path: string, format: NumberFormat<N>, options: AtomicOptions) {
    this.path = path;
    this.#value = new AtomicValue(zk, path, options);
    this.#format = format;
  }

  /** The number now. @throws RangeError when the znode holds something else; so do all that read it. */
  async get(options?: WaitOptions): Promise<N> {
    return this.#decode(await this.#value.get(options));
  }

  /** Makes the znode, unless it exists. @returns whether it did. */
  async initialize(value: N, options?: WaitOptions): Promise<boolean> {
    return this.#value.initialize(this.#format.encode(value), options);
  }

  /** Sets it, whatever it was. Changes of others may be lost. */
  async forceSet(value: N, options?: WaitOptions): Promise<void> {
    return this.#value.forceSet(this.#format.encode(value), options);
  }

  /** Sets it if it is `expected`, which an absent one never is. One try. */
  async compareAndSet(expected: N, value: N, options?: WaitOptions): Promise<AtomicResult<N>> {
    const { encode } = this.#format;
    return this.#resultOf(
      await this.#value.compareAndSet(encode(expected), encode(value), options),
    );
  }

  /** Sets it, as a change that follows the one before. */
  async trySet(value: N, options?: WaitOptions): Promise<AtomicResult<N>> {
    return this.update(() => value, options);
  }

  /** Adds; past the ends of its range it wraps, as Java's numbers do. */
  async add(delta: N, options?: WaitOptions): Promise<AtomicResult<N>> {
    return this.update((before) => this.#format.add(before, delta), options);
  }

  async subtract(delta: N, options?: WaitOptions): Promise<AtomicResult<N>> {
    return this.add(this.#format.negate(delta), options);
  }

  /** Changes it by a function, which may be called several times. */
  async update(change: (before: N) => N, options?: WaitOptions): Promise<AtomicResult<N>> {
    const result = await this.#value.update(
      (before) => this.#format.encode(change(this.#decode(before))),
      options,
    );
    return this.#resultOf(result);
  }

  #decode(bytes: AtomicBytes): N {
    // Empty is what a znode holds that somebody made without data.
    if (bytes === undefined || bytes.length === 0) return this.#format.zero;
    return this.#format.decode(bytes);
  }

  #resultOf(result: AtomicResult<AtomicBytes>): AtomicResult<N> {
    const before = this.#decode(result.before);
    if (!result.succeeded) return { ...result, before };
    return { ...result, before, after: this.#decode(result.after) };
  }
}

/** Four bytes, the highest first. Source: Curator's DistributedAtomicInteger and SharedCount. */
export const int32Format: NumberFormat<number> = {
  zero: 0,
  decode: (bytes) => viewOf(bytes, 4).getInt32(0),
  encode: (value) => {
    if (value !== (value | 0)) throw new RangeError(`${value} is no 32-bit integer`);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setInt32(0, value);
    return bytes;
  },
  add: (a, b) => (a + b) | 0,
  negate: (a) => -a | 0,
};

/** Eight bytes, the highest first. Source: Curator's DistributedAtomicLong. */
const int64Format: NumberFormat<bigint> = {
  zero: 0n,
  decode: (bytes) => viewOf(bytes, 8).getBigInt64(0),
  encode: (value) => {
    if (value !== BigInt.asIntN(64, value)) throw new RangeError(`${value} is no 64-bit integer`);
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigInt64(0, value);
    return bytes;
  },
  add: (a, b) => BigInt.asIntN(64, a + b),
  negate: (a) => BigInt.asIntN(64, -a),
};

/** A 32-bit integer that many change: Curator's DistributedAtomicInteger. */
export class AtomicInteger extends AtomicNumber<number> {
  constructor(zk: ZooKeeper, path: string, options: AtomicOptions = {}) {
    super(zk, path, int32Format, options);
  }

  increment(options?: WaitOptions): Promise<AtomicResult<number>> {
    return this.add(1, options);
  }

  decrement(options?: WaitOptions): Promise<AtomicResult<number>> {
    return this.add(-1, options);
  }
}

/** A 64-bit integer that many change: Curator's DistributedAtomicLong. */
export class AtomicLong extends AtomicNumber<bigint> {
  constructor(zk: ZooKeeper, path: string, options: AtomicOptions = {}) {
    super(zk, path, int64Format, options);
  }

  increment(options?: WaitOptions): Promise<AtomicResult<bigint>> {
    return this.add(1n, options);
  }

  decrement(options?: WaitOptions): Promise<AtomicResult<bigint>> {
    return this.add(-1n, options);
  }
}

function viewOf(bytes: Uint8Array, length: number): DataView {
  if (bytes.length !== length) {
    throw new RangeError(`${bytes.length} bytes are no ${8 * length}-bit integer`);
  }
  return new DataView(bytes.buffer, bytes.byteOffset, length);
}
