// Reading one value the way Apache's server reads it. Java has several ways for the same type, with different
// answers for the same text, and which way a key is read is part of its meaning: see each reader's source.

/** What came of reading one text. */
export type Reading<T> =
  | { readonly kind: 'value'; readonly value: T; readonly warning?: string }
  /** Apache cannot read it and goes on with the default; so do we, with a warning. */
  | { readonly kind: 'default'; readonly warning: string }
  /** The server must not start. */
  | { readonly kind: 'problem'; readonly reason: string; readonly remedy: string };

/** Reads the text of one value. The texts of its answer never repeat the value: it may be a secret. */
export type Reader<T> = (text: string) => Reading<T>;

/** Bounds, both inclusive. */
export interface Range {
  readonly min?: number;
  readonly max?: number;
}

const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;

/** Integer.parseInt: decimal digits with an optional sign. Anything else, and anything out of range, is a problem. */
export function integer(range: Range = {}): Reader<number> {
  return (text) => {
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isNaN(value)) return notWholeNumber;
    return checkRange(value, { min: range.min ?? INT_MIN, max: range.max ?? INT_MAX });
  };
}

/**
 * Integer.getInteger and Long.getLong: `0x`, `#` and a leading `0` select hexadecimal and octal, and text that is
 * no number falls back to the default. Values out of `range` are problems.
 */
export function propertyInteger(range: Range = {}): Reader<number> {
  return (text) => {
    const value = decodeInteger(text);
    if (value === undefined || !Number.isSafeInteger(value)) {
      return { kind: 'default', warning: 'is not a whole number: the default is used' };
    }
    return checkRange(value, { min: range.min ?? INT_MIN, max: range.max ?? INT_MAX });
  };
}

/** Double.parseDouble, for a share between 0 and 1. */
export const share: Reader<number> = (text) => {
  const value = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(text)
    ? Number(text)
    : Number.NaN;
  if (value >= 0 && value <= 1) return { kind: 'value', value };
  return {
    kind: 'problem',
    reason: 'is not a number between 0 and 1',
    remedy: 'Write a share such as 0.02.',
  };
};

/** QuorumPeerConfig.parseBoolean: `true` or `false` in any case, anything else is a problem. */
export const strictBoolean: Reader<boolean> = (text) => {
  const value = booleanOf(text);
  if (value !== undefined) return { kind: 'value', value };
  return { kind: 'problem', reason: 'is neither true nor false', remedy: 'Write true or false.' };
};

/** Boolean.getBoolean and Boolean.parseBoolean: `true` in any case, everything else (`yes`, `1`) is false. */
export const propertyBoolean: Reader<boolean> = (text) => {
  const value = booleanOf(text);
  if (value !== undefined) return { kind: 'value', value };
  return {
    kind: 'value',
    value: false,
    warning: 'is neither true nor false: it counts as false, as with Apache',
  };
};

/**
 * A boolean that protects something. Apache reads it like `propertyBoolean`, so a misspelt `true` switches the
 * protection off in silence; here it is a problem.
 */
export const guardBoolean: Reader<boolean> = (text) => {
  const value = booleanOf(text);
  if (value !== undefined) return { kind: 'value', value };
  return {
    kind: 'problem',
    reason: 'is neither true nor false, and taking it for false would weaken security',
    remedy: 'Write true or false.',
  };
};

/** On unless the text is exactly `no`. */
export const onUnlessNo: Reader<boolean> = (text) => {
  if (text === 'no' || text === 'yes') return { kind: 'value', value: text === 'yes' };
  return {
    kind: 'value',
    value: true,
    warning: 'is neither yes nor no: it counts as yes, as with Apache',
  };
};

/** Off unless the text is exactly `yes`. */
export const offUnlessYes: Reader<boolean> = (text) => {
  if (text === 'no' || text === 'yes') return { kind: 'value', value: text === 'yes' };
  return {
    kind: 'value',
    value: false,
    warning: 'is neither yes nor no: it counts as no, as with Apache',
  };
};

/** Any text that is not empty. */
export const someText: Reader<string> = (text) => {
  if (text !== '') return { kind: 'value', value: text };
  return { kind: 'problem', reason: 'is empty', remedy: 'Write a value, or leave the key out.' };
};

/** One of several words. `otherwise` says what Apache does with any other: go on with the default, or stop. */
export function oneOf<T>(
  words: ReadonlyMap<string, T>,
  otherwise: 'default' | 'problem',
): Reader<T> {
  return (text) => {
    const value = words.get(text);
    if (value !== undefined) return { kind: 'value', value };
    const known = [...words.keys()].map((word) => (word === '' ? 'nothing' : word)).join(', ');
    if (otherwise === 'default') {
      return { kind: 'default', warning: `is none of: ${known}; the default is used` };
    }
    return { kind: 'problem', reason: 'is not known', remedy: `Write one of: ${known}.` };
  };
}

/** A value that is moved into its range with a warning, as Apache does for some keys. */
export function clamped(inner: Reader<number>, min: number): Reader<number> {
  return (text) => {
    const reading = inner(text);
    if (reading.kind !== 'value' || reading.value >= min) return reading;
    return { kind: 'value', value: min, warning: `is less than ${min}: ${min} is used` };
  };
}

/** Changes what was read, for example its unit. */
export function mapped<T, U>(inner: Reader<T>, change: (value: T) => U): Reader<U> {
  return (text) => {
    const reading = inner(text);
    return reading.kind === 'value' ? { ...reading, value: change(reading.value) } : reading;
  };
}

const intervalUnits: ReadonlyMap<string, number> = new Map([
  ['MS', 1],
  ['S', 1000],
  ['M', 60_000],
  ['H', 3_600_000],
  ['D', 86_400_000],
]);

/** An interval in milliseconds: hours without a suffix, or one of ms, s, m, h, d (the suffixes since 3.10). */
export const intervalInHours: Reader<number> = (text) => {
  const parts = /^([+-]?\d+)([a-zA-Z]*)$/.exec(text);
  const unit = parts?.[2] === '' ? 3_600_000 : intervalUnits.get(parts?.[2]?.toUpperCase() ?? '?');
  if (parts === null || unit === undefined) {
    return {
      kind: 'problem',
      reason: 'is not an interval',
      remedy: 'Write whole hours, or a whole number with one of ms, s, m, h, d, such as 30m.',
    };
  }
  return checkRange(Number(parts[1]) * unit, {
    min: Number.MIN_SAFE_INTEGER,
    max: Number.MAX_SAFE_INTEGER,
  });
};

const notWholeNumber: Reading<number> = {
  kind: 'problem',
  reason: 'is not a whole number',
  remedy: 'Write digits only, without a unit.',
};

function booleanOf(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  return lower === 'true' ? true : lower === 'false' ? false : undefined;
}

/** Integer.decode; undefined if it would throw. */
function decodeInteger(text: string): number | undefined {
  const parts = /^([+-]?)(?:(0[xX]|#)([0-9a-fA-F]+)|(\d+))$/.exec(text);
  if (parts === null) return undefined;
  const sign = parts[1] === '-' ? -1 : 1;
  if (parts[3] !== undefined) return sign * Number.parseInt(parts[3], 16);
  const digits = parts[4]!;
  if (digits.length === 1 || digits[0] !== '0') return sign * Number(digits);
  return /^[0-7]+$/.test(digits) ? sign * Number.parseInt(digits, 8) : undefined;
}

function checkRange(
  value: number,
  range: { readonly min: number; readonly max: number },
): Reading<number> {
  if (value >= range.min && value <= range.max)
    return { kind: 'value', value: value === 0 ? 0 : value };
  return {
    kind: 'problem',
    reason: `is not between ${range.min} and ${range.max}`,
    remedy: `Write a number from ${range.min} to ${range.max}.`,
  };
}
