import type { ZooKeeper } from '@zooid/client';
import type { WaitOptions } from '../deadline.ts';
import { AtomicNumber, int32Format, type NumberFormat } from './atomic-number.ts';
import type { AtomicOptions } from './atomic-value.ts';

export interface CounterOptions extends AtomicOptions {
  /**
   * What the znode holds: a decimal integer as text, a floating-point number as text, or four bytes as Curator's SharedCount
   * (kazoo's `support_curator`). Default `int`.
   */
  readonly format?: 'int' | 'float' | 'curator' | undefined;
  /** What a znode that does not exist, or holds nothing, counts as. Default 0. */
  readonly initial?: number | undefined;
}

/** A number that many add to, as kazoo's Counter has it. */
export class Counter {
  readonly #number: AtomicNumber<number>;

  constructor(zk: ZooKeeper, path: string, options: CounterOptions = {}) {
    const { format = 'int', initial = 0 } = options;
    this.#number = new AtomicNumber(zk, path, { ...formats[format], zero: initial }, options);
  }

  /** The number now. @throws RangeError when the znode holds something else. */
  value(options?: WaitOptions): Promise<number> {
    return this.#number.get(options);
  }

  /**
   * Adds `delta`, which may be negative.
   *
   * @returns the number right before, and the one that it became.
   * @throws RangeError when the sum cannot be written; an Error when others were faster too often; ConnectionLossError with outcome
   *   `unknown` when nobody can tell whether it was added.
   */
  async add(
    delta: number,
    options?: WaitOptions,
  ): Promise<{ readonly before: number; readonly after: number }> {
    const result = await this.#number.add(delta, options);
    if (result.succeeded) return { before: result.before, after: result.after };
    const { optimisticTries, promotedTries } = result.stats;
    const tries = optimisticTries + promotedTries;
    throw new Error(`${this.#number.path}: others were faster ${tries} times`);
  }
}

const textFormat = { zero: 0, add: (a: number, b: number) => a + b, negate: (a: number) => -a };

/** Source: kazoo/recipe/counter.py, which writes `repr(value)`. */
const formats: Readonly<Record<'int' | 'float' | 'curator', NumberFormat<number>>> = {
  int: {
    ...textFormat,
    decode: (bytes) => {
      const text = textOf(bytes);
      const value = /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : Number.NaN;
      if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is no integer below 2^53`);
      return value;
    },
    encode: (value) => {
      if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no integer below 2^53`);
      return new TextEncoder().encode(String(value));
    },
  },
  float: {
    ...textFormat,
    decode: (bytes) => {
      const text = textOf(bytes).trim();
      const value = text === '' ? Number.NaN : (pythonNames.get(text) ?? Number(text));
      if (Number.isNaN(value)) throw new RangeError(`${text} is no number`);
      return value;
    },
    encode: (value) => new TextEncoder().encode(pythonFloat(value)),
  },
  curator: int32Format,
};

const pythonNames: ReadonlyMap<string, number> = new Map([
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
]);

/** As Python shows it, so that it stays a float there. */
function pythonFloat(value: number): string {
  if (Number.isNaN(value)) throw new RangeError('NaN cannot be added to');
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
