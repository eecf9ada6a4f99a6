// `zooid snapshot summary`: how many znodes and bytes lie where, as Apache's SnapshotRecursiveSummary prints it.

import type { SnapshotName } from '@zooid/server/files';
import type { CommandContext } from '../command.ts';
import { CommandError, ExitCode } from '../exit.ts';
import { Outline, ROOT_ROW } from './outline.ts';
import { PagedText } from './paged-text.ts';
import { orRefuse, passOver } from './snapshot-pass.ts';
import { type SubtreeSums, sumSubtrees } from './subtree-sums.ts';

export interface SnapshotSummaryOptions {
  readonly path: string;
  /** Levels below the path that are printed; 0: all. What is deeper counts all the same. */
  readonly depth: number;
  /** The so many largest only, largest first; undefined: all, as a tree. */
  readonly top: number | undefined;
  readonly form: 'apache' | 'json';
}

/** Prints the sums. Memory: an {@link Outline} of the file. @returns the exit code. */
export async function summarizeSnapshot(
  name: SnapshotName,
  options: SnapshotSummaryOptions,
  context: CommandContext,
): Promise<number> {
  const outline = new Outline();
  await orRefuse(
    name.path,
    passOver(name, context, 'comes last', {
      znode: (znode) => outline.setBytes(outline.add(znode.path), znode.data?.byteLength ?? 0),
    }),
  );
  const start = options.path === '/' ? ROOT_ROW : outline.find(options.path);
  if (start < 0) throw new CommandError(`There is no znode ${options.path} in ${name.path}.`);
  const sums = sumSubtrees(
    outline,
    (row) => outline.bytes(row),
    () => true,
  );
  const rows =
    options.top === undefined
      ? parentsOf(outline, start, options.depth)
      : largest(outline, sums, start, options.depth, options.top);
  const text = new PagedText(context.output);
  for (const row of rows) {
    const path = outline.path(row);
    const children = sums.descendants[row]!;
    const bytes = sums.bytes[row]!;
    if (options.form === 'json') {
      text.json({ path, children, bytes });
    } else if (options.top !== undefined) {
      text.line(`${String(bytes).padStart(14)} ${String(children).padStart(10)}  ${path}`);
    } else {
      const tab = '--'.repeat(outline.depth(row) - outline.depth(start));
      text.line(`${tab} ${path}`);
      text.line(`${tab}   children: ${children}`);
      text.line(`${tab}   data: ${bytes}`);
    }
    if (text.isFull) await text.flush();
  }
  text.end();
  return ExitCode.finished;
}

/** Znodes that have children, as Apache prints no others; parents first. */
function* parentsOf(outline: Outline, start: number, depth: number): Generator<number, void> {
  for (const row of outline.walk(start)) {
    const level = outline.depth(row) - outline.depth(start);
    if (outline.hasChildren(row) && (depth === 0 || level <= depth)) yield row;
  }
}

/** The rows with most bytes, those of equal bytes with most znodes. Holds `count` of them. */
function largest(
  outline: Outline,
  sums: SubtreeSums,
  start: number,
  depth: number,
  count: number,
): number[] {
  const isLarger = (a: number, b: number) =>
    sums.bytes[b]! - sums.bytes[a]! || sums.descendants[b]! - sums.descendants[a]! || a - b;
  let rows: number[] = [];
  for (const row of outline.walk(start)) {
    const level = outline.depth(row) - outline.depth(start);
    if (depth > 0 && level > depth) continue;
    rows.push(row);
    if (rows.length >= 2 * count + 1000) rows = rows.sort(isLarger).slice(0, count);
  }
  return rows.sort(isLarger).slice(0, count);
}
