/**
 * What a row has to reach: a ratio of ours to Apache's (more is better, or less is), or a value of our own.
 */
export type Bar =
  | { readonly kind: 'ratio-at-least'; readonly value: number }
  | { readonly kind: 'ratio-at-most'; readonly value: number }
  | { readonly kind: 'at-most'; readonly value: number };

/** Whether the bar is reached; undefined when a figure that it speaks of was not measured. */
export function isReached(
  bar: Bar,
  ours: number | undefined,
  apache: number | undefined,
): boolean | undefined {
  if (ours === undefined) return undefined;
  if (bar.kind === 'at-most') return ours <= bar.value;
  if (apache === undefined) return undefined;
  const ratio = ours / apache;
  return bar.kind === 'ratio-at-least' ? ratio >= bar.value : ratio <= bar.value;
}

/** As the table shows it. */
export function barText(bar: Bar, unit: string): string {
  switch (bar.kind) {
    case 'ratio-at-least':
      return `≥ ${bar.value} x`;
    case 'ratio-at-most':
      return `≤ ${bar.value} x`;
    case 'at-most':
      return `≤ ${bar.value} ${unit}`;
  }
}
