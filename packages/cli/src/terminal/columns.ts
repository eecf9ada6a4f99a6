import type { Line, Span } from './text-table.ts';
import { span } from './text-table.ts';
import { padToWidth, textWidth } from './text-width.ts';

const GAP = '  ';

/**
 * Names in as many columns as fit beside each other, from the top to the bottom and then from the left to the right, as `ls`
 * shows files.
 *
 * @param widthMax - columns of the terminal.
 */
export function inColumns(names: readonly Span[], widthMax: number): readonly Line[] {
  const widest = Math.max(0, ...names.map(({ text }) => textWidth(text)));
  const count = Math.max(1, Math.floor((widthMax + GAP.length) / (widest + GAP.length)));
  const rowCount = Math.ceil(names.length / count);
  const rows: Span[][] = Array.from({ length: rowCount }, () => []);
  for (const [index, name] of names.entries()) {
    const isLast = index + rowCount >= names.length;
    const text = isLast ? name.text : padToWidth(name.text, widest, 'left');
    const row = rows[index % rowCount]!;
    if (row.length > 0) row.push(span(GAP));
    row.push({ text, style: name.style });
  }
  return rows;
}
