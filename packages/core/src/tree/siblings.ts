import {
  CHILD_COUNT,
  FIRST_CHILD,
  NEXT_SIBLING,
  PAGE_SHIFT,
  PARENT,
  PREV_SIBLING,
  ROW_MASK,
  ROW_SHIFT,
} from './row.ts';

/*
 * The children of a znode are a list from old to new, linked in both directions: each is added or taken out at
 * the same cost, whether it is one of ten or of a million. The oldest's "previous" is the youngest.
 */

/** Appends a row to the children of a parent. */
export function linkChild(pages: readonly Int32Array[], row: number, parentRow: number): void {
  const page = pages[row >>> PAGE_SHIFT]!;
  const base = (row & ROW_MASK) << ROW_SHIFT;
  const parentPage = pages[parentRow >>> PAGE_SHIFT]!;
  const parentBase = (parentRow & ROW_MASK) << ROW_SHIFT;
  parentPage[parentBase + CHILD_COUNT] = parentPage[parentBase + CHILD_COUNT]! + 1;
  page[base + NEXT_SIBLING] = -1;
  const first = parentPage[parentBase + FIRST_CHILD]!;
  if (first < 0) {
    page[base + PREV_SIBLING] = row;
    parentPage[parentBase + FIRST_CHILD] = row;
    return;
  }
  const firstPage = pages[first >>> PAGE_SHIFT]!;
  const firstBase = (first & ROW_MASK) << ROW_SHIFT;
  const last = firstPage[firstBase + PREV_SIBLING]!;
  page[base + PREV_SIBLING] = last;
  firstPage[firstBase + PREV_SIBLING] = row;
  pages[last >>> PAGE_SHIFT]![((last & ROW_MASK) << ROW_SHIFT) + NEXT_SIBLING] = row;
}

/** Takes a row out of the children of its parent. */
export function unlinkChild(pages: readonly Int32Array[], row: number): void {
  const page = pages[row >>> PAGE_SHIFT]!;
  const base = (row & ROW_MASK) << ROW_SHIFT;
  const parentRow = page[base + PARENT]!;
  const parentPage = pages[parentRow >>> PAGE_SHIFT]!;
  const parentBase = (parentRow & ROW_MASK) << ROW_SHIFT;
  parentPage[parentBase + CHILD_COUNT] = parentPage[parentBase + CHILD_COUNT]! - 1;
  const next = page[base + NEXT_SIBLING]!;
  const prev = page[base + PREV_SIBLING]!;
  const first = parentPage[parentBase + FIRST_CHILD]!;
  if (row === first) parentPage[parentBase + FIRST_CHILD] = next;
  else pages[prev >>> PAGE_SHIFT]![((prev & ROW_MASK) << ROW_SHIFT) + NEXT_SIBLING] = next;
  // Behind the youngest comes, so to speak, the oldest: it is who knows the youngest.
  const holder = next >= 0 ? next : first;
  if (holder !== row) {
    pages[holder >>> PAGE_SHIFT]![((holder & ROW_MASK) << ROW_SHIFT) + PREV_SIBLING] = prev;
  }
}
