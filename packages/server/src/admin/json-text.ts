/**
 * JSON as Apache's admin server lays it out (Jackson's default indenting): `"key" : value`, arrays on one line.
 *
 * Why not JSON.stringify: session ids are 64-bit integers that must not be rounded, and averages are printed as
 * `0.0`; a script that compares texts sees no difference from Apache's.
 */
import { javaDouble } from './java-text.ts';

/** A number that prints with a fraction even when it is whole. */
export class Double {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** What an answer may contain. */
export type Json =
  | string
  | number
  | bigint
  | boolean
  | null
  | Double
  | readonly Json[]
  | { readonly [name: string]: Json };

/** The value as indented JSON text, without a newline at the end. */
export function jsonText(value: Json): string {
  return write(value, '');
}

function write(value: Json, indent: string): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'bigint') return value.toString();
  // JSON has no word for these; null is what every reader takes.
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Double) return javaDouble(value.value);
  if (isArray(value)) {
    if (value.length === 0) return '[ ]';
    return `[ ${value.map((item) => write(item, indent)).join(', ')} ]`;
  }
  const names = Object.keys(value);
  if (names.length === 0) return '{ }';
  const inner = `${indent}  `;
  const lines = names.map(
    (name) => `${inner}${JSON.stringify(name)} : ${write(value[name]!, inner)}`,
  );
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

// Array.isArray does not narrow readonly arrays.
function isArray(value: object): value is readonly Json[] {
  return Array.isArray(value);
}
