import { type Line, type Span, span } from './text-table.ts';
import { padToWidth, textWidth } from './text-width.ts';

/** Names and values below each other, the values in one column. */
export function factLines(
  facts: readonly (readonly [name: string, value: string | Span])[],
): readonly Line[] {
  const widest = Math.max(0, ...facts.map(([name]) => textWidth(name)));
  return facts.map(([name, value]) => [
    span(padToWidth(name, widest, 'left'), 'dim'),
    span('  '),
    typeof value === 'string' ? span(value) : value,
  ]);
}
