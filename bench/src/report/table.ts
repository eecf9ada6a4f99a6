import pc from 'picocolors';
import { isDisturbed, OTHERS_MAX } from 'zooid/load';
import { barText } from '../suite/bar.ts';
import type { ColumnName, Figure, ResultRow, Sample, Unit } from '../suite/results.ts';
import type { Conditions } from './machine.ts';

/** Above this share the generator, not the server, may have been the bottleneck. */
const BUSY_MAX = 0.9;

/** A column of figures. */
export interface Column {
  readonly name: ColumnName;
  readonly title: string;
}

/** How lines and cells are set. */
export type TableFormat = 'plain' | 'markdown';

/** Figures as people read them: the table, and below it what its marks mean. */
export function tableText(
  rows: readonly ResultRow[],
  columns: readonly Column[],
  format: TableFormat,
): string {
  const isComparison = columns.length > 1;
  const head = ['', ...columns.map(({ title }) => title)];
  if (isComparison) head.push('ratio');
  const hasBars = rows.some(({ isReached }) => isReached !== undefined);
  if (hasBars) head.push('bar', '');
  for (const { title } of columns) head.push(`p50/p99/max ${title}, us`);
  const lines = rows.map((row) => {
    const cells = [row.id, ...columns.map(({ name }) => figureText(row.figures[name], row.unit))];
    if (isComparison) cells.push(row.ratio === undefined ? '' : `${row.ratio.toFixed(2)} x`);
    if (hasBars) cells.push(row.bar ? barText(row.bar, row.unit) : '', verdict(row.isReached));
    for (const { name } of columns) cells.push(latencyText(row.figures[name]));
    return cells;
  });
  const text = format === 'plain' ? aligned([head, ...lines]) : markdown([head, ...lines]);
  const figures = rows.flatMap((row) => columns.map(({ name }) => row.figures[name]));
  const notes: string[] = [];
  if (figures.some(isGeneratorBound)) {
    notes.push(
      `* the generator was busy more than ${BUSY_MAX * 100} % of the time: the server may do more.`,
    );
  }
  if (figures.some((figure) => isDisturbed(figure?.busyness))) {
    notes.push(
      `! other processes took more than ${OTHERS_MAX * 100} % of a core: do not trust these figures.`,
    );
  }
  return [text, ...notes].join('\n');
}

/** One figure with its unit. */
export function figureText(figure: Sample | undefined, unit: Unit): string {
  if (figure === undefined) return '-';
  const digits = figure.value < 100 && unit !== '' ? 1 : 0;
  const number = figure.value.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  const mark = (isGeneratorBound(figure) ? '*' : '') + (isDisturbed(figure.busyness) ? '!' : '');
  return `${number}${unit === '/s' || unit === '' ? unit : ` ${unit}`}${mark}`;
}

/** Two lines about the machine. */
export function conditionsText(conditions: Conditions): string {
  const { processor, cores, memoryGb, node, java, commit, date, platform, dataDir } = conditions;
  return (
    `${processor}, ${cores} cores, ${memoryGb} GB, ${platform}; data below ${dataDir}\n` +
    `Node ${node}, ${java ?? 'no Java'}, commit ${commit}, ${date}`
  );
}

/** How many rows with a bar reached it. */
export function verdictText(rows: readonly ResultRow[]): string {
  const judged = rows.filter(({ isReached }) => isReached !== undefined);
  const reached = judged.filter(({ isReached }) => isReached).length;
  return judged.length === 0 ? '' : `${reached} of ${judged.length} bars reached`;
}

function verdict(isReached: boolean | undefined): string {
  if (isReached === undefined) return '';
  return isReached ? pc.green('reached') : pc.red('missed');
}

function latencyText(figure: Figure | undefined): string {
  if (figure?.latency === undefined) return '';
  const { p50Us, p99Us, maxUs } = figure.latency;
  return [p50Us, p99Us, maxUs].map((us) => Math.round(us).toLocaleString('en')).join(' / ');
}

function isGeneratorBound(figure: Sample | undefined): boolean {
  return (figure?.busyness?.generator ?? 0) > BUSY_MAX;
}

/** As a table of Markdown. */
function markdown([head, ...lines]: readonly (readonly string[])[]): string {
  const rule = head!.map((_, column) => (column === 0 ? '---' : '---:'));
  const text = [head!, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  return `${text.replaceAll(COLOUR, '')}\n`;
}

/** First column to the left, all others to the right. Colours do not count as width. */
function aligned(lines: readonly (readonly string[])[]): string {
  const width = (cell: string): number => cell.replaceAll(COLOUR, '').length;
  const widths = lines[0]!.map((_, column) =>
    Math.max(...lines.map((line) => width(line[column] ?? ''))),
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) => {
          const padding = ' '.repeat(widths[column]! - width(cell));
          return column === 0 ? cell + padding : padding + cell;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters.
const COLOUR = /\u001b\[\d+m/g;
