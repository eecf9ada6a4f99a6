import type { Outline } from './outline.ts';

/** What lies at and below every znode of an outline. */
export interface SubtreeSums {
  /** Znodes below, itself not among them. */
  readonly descendants: Float64Array;
  /** Bytes of data of itself and of all below. */
  readonly bytes: Float64Array;
}

/**
 * Adds up subtrees. A row comes after its parent's, so one pass from the last to the first is enough.
 *
 * @param counts - whether a row counts at all; one that does not is as if it were not there.
 */
export function sumSubtrees(
  outline: Outline,
  bytesOf: (row: number) => number,
  counts: (row: number) => boolean,
): SubtreeSums {
  const descendants = new Float64Array(outline.rowCount);
  const bytes = new Float64Array(outline.rowCount);
  for (let row = outline.rowCount - 1; row >= 0; row--) {
    if (!counts(row)) continue;
    bytes[row] = bytes[row]! + bytesOf(row);
    const parent = outline.parent(row);
    if (parent < 0) continue;
    bytes[parent] = bytes[parent]! + bytes[row]!;
    descendants[parent] = descendants[parent]! + descendants[row]! + 1;
  }
  return { descendants, bytes };
}
