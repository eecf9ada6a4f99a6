// Tables and lines of styled text, cut to the width of a terminal before anything is coloured: a colour has no width.

import type { Colors } from '../output.ts';
import { cutToWidth, padToWidth, textWidth } from './text-width.ts';

/** How a piece of text looks. */
export type Style = 'plain' | 'bold' | 'dim' | 'good' | 'warning' | 'bad' | 'heading';

/** A piece of a line. */
export interface Span {
  readonly text: string;
  readonly style: Style;
}

/** A line, from left to right. */
export type Line = readonly Span[];

/** A column of a table. */
export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

const GAP = '  ';

/** A span. */
export function span(text: string, style: Style = 'plain'): Span {
  return { text, style };
}

/** A heading and a line for each row, the columns as wide as their widest cell. A row has a cell for each column. */
export function textTable(columns: readonly Column[], rows: readonly Line[]): readonly Line[] {
  const heading: Line = columns.map(({ title }) => span(title, 'heading'));
  const all = [heading, ...rows];
  const widths = columns.map((_, index) =>
    Math.max(...all.map((row) => textWidth(row[index]?.text ?? ''))),
  );
  return all.map((row) =>
    row.flatMap((cell, index) => {
      const { align } = columns[index]!;
      const isLast = index === columns.length - 1;
      const width = widths[index]!;
      const padded = isLast && align === 'left' ? cell.text : padToWidth(cell.text, width, align);
      const piece = { text: padded, style: cell.style };
      return index === 0 ? [piece] : [span(GAP), piece];
    }),
  );
}

/** A line as it is printed, at most `columnsMax` characters wide. */
export function renderLine(
  line: Line,
  colors: Colors,
  columnsMax: number = Number.POSITIVE_INFINITY,
): string {
  let left = columnsMax;
  let rendered = '';
  for (const { text, style } of line) {
    if (left <= 0) break;
    const shown = cutToWidth(text, left);
    left -= textWidth(shown);
    rendered += paint(shown, style, colors);
  }
  return rendered;
}

function paint(text: string, style: Style, colors: Colors): string {
  switch (style) {
    case 'plain':
      return text;
    case 'bold':
      return colors.bold(text);
    case 'dim':
      return colors.dim(text);
    case 'good':
      return colors.green(text);
    case 'warning':
      return colors.yellow(text);
    case 'bad':
      return colors.red(text);
    case 'heading':
      return colors.bold(colors.underline(text));
  }
}
