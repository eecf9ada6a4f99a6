/**
 * What a row has to reach: a ratio of ours to theirs (more is better, or less is), or a value of our own.
 */
export type Bar =
  | {
      readonly kind: 'ratio-at-least';
      readonly value: number;
      /** What our own figure has to reach besides. */
      readonly oursAtLeast?: number;
    }
  | { readonly kind: 'ratio-at-most'; readonly value: number }
  | { readonly kind: 'at-most'; readonly value: number };

/** Whether the bar is reached; undefined when a figure that it speaks of was not measured. */
export function isReached(
  bar: Bar,
  ours: number | undefined,
  theirs: number | undefined,
): boolean | undefined {
  if (ours === undefined) return undefined;
  if (bar.kind === 'at-most') return ours <= bar.value;
  if (theirs === undefined) return undefined;
  const ratio = ours / theirs;
  if (bar.kind === 'ratio-at-most') return ratio <= bar.value;
  return ratio >= bar.value && ours >= (bar.oursAtLeast ?? 0);
}

/** As the table shows it. */
export function barText(bar: Bar, unit: string): string {
  switch (bar.kind) {
    case 'ratio-at-least':
      return bar.oursAtLeast === undefined
        ? `≥ ${bar.value} x`
        : `≥ ${bar.value} x, ≥ ${bar.oursAtLeast.toLocaleString('en')}${unit}`;
    case 'ratio-at-most':
      return `≤ ${bar.value} x`;
    case 'at-most':
      return `≤ ${bar.value} ${unit}`;
  }
}
