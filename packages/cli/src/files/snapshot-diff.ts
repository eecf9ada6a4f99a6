/**
 * `zooid snapshot diff`: what two snapshots do not have in common.
 *
 * The first is held as an {@link Outline} with a fingerprint of each znode, the second is read against it: about 150
 * bytes of memory for each znode of either, none for data. Why not by sorting on disk: see outline.ts.
 */

import { crc32 } from 'node:zlib';
import {
  ADLER32_INITIAL,
  adler32,
  encodeAcls,
  JuteWriter,
  type SnapshotZnode,
} from '@zooid/protocol';
import type { SnapshotName, SnapshotScan } from '@zooid/server/files';
import type { CommandContext } from '../command.ts';
import { ExitCode } from '../exit.ts';
import { Outline } from './outline.ts';
import { PagedText } from './paged-text.ts';
import { orRefuse, passOver } from './snapshot-pass.ts';
import { type SubtreeSums, sumSubtrees } from './subtree-sums.ts';

/** What of a znode differs. */
type Change = 'data' | 'version' | 'acl' | 'owner' | 'created again';

export interface SnapshotDiffOptions {
  readonly form: 'text' | 'json';
  /** Only at this path and below. */
  readonly path: string;
}

/** Thresholds of Apache's SnapshotComparer; a subtree is told if it differs by more than either. */
export interface CompareThresholds {
  readonly bytes: number;
  readonly nodes: number;
}

/**
 * Prints every znode that was added, removed or changed, in the order of the paths.
 *
 * @returns the exit code: 0 if they are the same, 1 if they differ, as diff(1) has it.
 */
export async function diffSnapshots(
  left: SnapshotName,
  right: SnapshotName,
  options: SnapshotDiffOptions,
  context: CommandContext,
): Promise<number> {
  const pair = await readPair(left, right, context);
  const { outline } = pair;
  const start = outline.find(options.path);
  const text = new PagedText(context.output);
  const counts = { added: 0, removed: 0, changed: 0 };
  if (start >= 0) {
    for (const row of outline.walk(start)) {
      const found = pair.compare(row);
      if (found === undefined) continue;
      counts[found.kind]++;
      const path = outline.path(row);
      if (options.form === 'json') text.json({ path, change: found.kind, ...found.facts });
      else text.line(lineOf(path, found));
      if (text.isFull) await text.flush();
    }
  }
  text.end();
  const { added, removed, changed } = counts;
  if (options.form === 'text') {
    context.output.note(`${added} added, ${removed} removed, ${changed} changed.`);
  }
  return added + removed + changed === 0 ? ExitCode.finished : ExitCode.failed;
}

/**
 * Prints subtrees whose size differs, level by level, in the words of Apache's SnapshotComparer (without its lines of how long
 * it took).
 *
 * @returns 0: like Apache's, it tells differences by its words only.
 */
export async function compareSnapshots(
  left: SnapshotName,
  right: SnapshotName,
  thresholds: CompareThresholds,
  context: CommandContext,
): Promise<number> {
  const pair = await readPair(left, right, context);
  const { outline } = pair;
  const text = new PagedText(context.output);
  const sums = [0, 1].map((side) =>
    sumSubtrees(
      outline,
      (row) => pair.bytes(row, side),
      (row) => pair.has(row, side),
    ),
  ) as [SubtreeSums, SubtreeSums];
  const byDepth = depthsOf(pair);
  for (const side of [0, 1]) {
    const counts = byDepth.map((rows) => rows.filter((row) => pair.has(row, side)).length);
    while (counts.at(-1) === 0) counts.pop();
    text.line(`Node count: ${counts.reduce((sum, count) => sum + count, 0)}`);
    text.line(`Total size: ${sums[side]!.bytes[0]}`);
    text.line(`Max depth: ${counts.length}`);
    for (const [depth, count] of counts.entries())
      text.line(`Count of nodes at depth ${depth}: ${count}`);
    text.line('');
  }
  text.line(
    `Printing analysis for nodes difference larger than ${thresholds.bytes} bytes or node count difference larger than ${thresholds.nodes}.`,
  );
  for (const [depth, rows] of byDepth.entries()) {
    text.line(`Analysis for depth ${depth}`);
    const lines: { readonly label: string; readonly line: string }[] = [];
    for (const row of rows) {
      const label = row === 0 ? '' : outline.path(row);
      const line = compareLine(pair, sums, row, label, thresholds);
      if (line !== undefined) lines.push({ label, line });
    }
    lines.sort((a, b) => (a.label < b.label ? -1 : 1));
    for (const { line } of lines) {
      text.line(line);
      if (text.isFull) await text.flush();
    }
  }
  text.line('All layers compared.');
  text.end();
  return ExitCode.finished;
}

function depthsOf(pair: SnapshotPair): number[][] {
  const byDepth: number[][] = [];
  for (let row = 0; row < pair.outline.rowCount; row++) {
    const depth = pair.outline.depth(row);
    while (byDepth.length <= depth) byDepth.push([]);
    byDepth[depth]!.push(row);
  }
  return byDepth;
}

function compareLine(
  pair: SnapshotPair,
  sums: readonly [SubtreeSums, SubtreeSums],
  row: number,
  label: string,
  thresholds: CompareThresholds,
): string | undefined {
  const [left, right] = sums;
  const bytes = right.bytes[row]! - left.bytes[row]!;
  const nodes = right.descendants[row]! - left.descendants[row]!;
  if (Math.abs(bytes) <= thresholds.bytes && Math.abs(nodes) <= thresholds.nodes) return undefined;
  const isLeft = pair.has(row, 0);
  if (isLeft && pair.has(row, 1)) {
    return `Node ${label} found in both trees. Delta: ${bytes} bytes, ${nodes} descendants`;
  }
  return (
    `Node ${label} found only in ${isLeft ? 'left' : 'right'} tree. ` +
    `Descendant size: ${Math.abs(bytes)}. Descendant count: ${Math.abs(nodes)}`
  );
}

interface Difference {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly facts: Readonly<Record<string, unknown>>;
  readonly words: string;
}

function lineOf(path: string, { kind, words }: Difference): string {
  const mark = { added: '+', removed: '-', changed: '~' }[kind];
  return `${mark} ${path}  ${words}`;
}

async function readPair(
  left: SnapshotName,
  right: SnapshotName,
  context: CommandContext,
): Promise<SnapshotPair> {
  const pair = new SnapshotPair();
  for (const [side, name] of [left, right].entries()) {
    let acls = new Map<bigint, number>();
    await orRefuse(
      name.path,
      passOver(name, context, 'comes last', {
        begin: (scan) => {
          acls = aclPrints(scan.acls);
        },
        znode: (znode) => pair.add(znode, side, acls.get(znode.aclId) ?? OPEN_ACL_PRINT),
      }),
    );
  }
  return pair;
}

// Columns of a znode on one side.
const BYTES = 0;
const VERSION = 1;
const DATA_CRC = 2;
const DATA_ADLER = 3;
const ACL_PRINT = 4;
const CZXID_HIGH = 5;
const CZXID_LOW = 6;
const MZXID_HIGH = 7;
const MZXID_LOW = 8;
const OWNER_HIGH = 9;
const OWNER_LOW = 10;
const IS_THERE = 11;
const COLUMNS = 12;
/** Of the list that every file leaves out. */
const OPEN_ACL_PRINT = -1;
const TWO_32 = 0x1_0000_0000;

/** Two snapshots as one outline, with what is known of each znode on each side. */
class SnapshotPair {
  readonly outline = new Outline();
  /** Left, right: rows of {@link COLUMNS} words. */
  readonly #sides: [Int32Array<ArrayBuffer>, Int32Array<ArrayBuffer>] = [
    new Int32Array(1024 * COLUMNS),
    new Int32Array(1024 * COLUMNS),
  ];

  add(znode: SnapshotZnode, side: number, acl: number): void {
    const row = this.outline.add(znode.path);
    const words = this.#room(row, side);
    const at = row * COLUMNS;
    const { data, stat } = znode;
    words[at + BYTES] = data === null ? -1 : data.byteLength;
    words[at + VERSION] = stat.version;
    words[at + DATA_CRC] = data === null ? 0 : crc32(data);
    words[at + DATA_ADLER] = data === null ? 0 : adler32(ADLER32_INITIAL, data, 0, data.byteLength);
    words[at + ACL_PRINT] = acl;
    words[at + CZXID_HIGH] = Math.floor(stat.czxid / TWO_32);
    words[at + CZXID_LOW] = stat.czxid;
    words[at + MZXID_HIGH] = Math.floor(stat.mzxid / TWO_32);
    words[at + MZXID_LOW] = stat.mzxid;
    words[at + OWNER_HIGH] = Number(BigInt.asIntN(32, stat.ephemeralOwner >> 32n));
    words[at + OWNER_LOW] = Number(BigInt.asIntN(32, stat.ephemeralOwner));
    words[at + IS_THERE] = 1;
  }

  has(row: number, side: number): boolean {
    return this.#word(row, side, IS_THERE) === 1;
  }

  /** Length of data; 0 for null. */
  bytes(row: number, side: number): number {
    return Math.max(0, this.#word(row, side, BYTES));
  }

  compare(row: number): Difference | undefined {
    const isLeft = this.has(row, 0);
    const isRight = this.has(row, 1);
    if (isLeft && isRight) return this.#changes(row);
    const side = isLeft ? 0 : 1;
    if (!isLeft && !isRight) return undefined;
    const bytes = this.bytes(row, side);
    return {
      kind: isLeft ? 'removed' : 'added',
      facts: { bytes, version: this.#word(row, side, VERSION) },
      words: `${bytes} bytes`,
    };
  }

  #changes(row: number): Difference | undefined {
    const changes: Change[] = [];
    const differs = (...columns: readonly number[]): boolean =>
      columns.some((column) => this.#word(row, 0, column) !== this.#word(row, 1, column));
    if (differs(CZXID_HIGH, CZXID_LOW)) changes.push('created again');
    if (differs(BYTES, DATA_CRC, DATA_ADLER)) changes.push('data');
    else if (differs(VERSION, MZXID_HIGH, MZXID_LOW)) changes.push('version');
    if (differs(ACL_PRINT)) changes.push('acl');
    if (differs(OWNER_HIGH, OWNER_LOW)) changes.push('owner');
    if (changes.length === 0) return undefined;
    const bytes = [this.bytes(row, 0), this.bytes(row, 1)] as const;
    const version = [this.#word(row, 0, VERSION), this.#word(row, 1, VERSION)] as const;
    return {
      kind: 'changed',
      facts: { changes, bytes, version },
      words: `${changes.join(', ')}: ${bytes.join(' → ')} bytes, version ${version.join(' → ')}`,
    };
  }

  #word(row: number, side: number, column: number): number {
    return this.#sides[side as 0 | 1][row * COLUMNS + column] ?? 0;
  }

  /** The words of a side, grown to hold this row. */
  #room(row: number, side: number): Int32Array<ArrayBuffer> {
    const words = this.#sides[side as 0 | 1];
    if ((row + 1) * COLUMNS <= words.length) return words;
    const grown = new Int32Array(Math.max(words.length * 2, (row + 1) * COLUMNS));
    grown.set(words);
    this.#sides[side as 0 | 1] = grown;
    return grown;
  }
}

/** 32 bits of each list: ids of lists differ between files. */
function aclPrints(acls: SnapshotScan['acls']): Map<bigint, number> {
  const writer = new JuteWriter();
  const prints = new Map<bigint, number>();
  for (const [id, acl] of acls) {
    writer.clear();
    encodeAcls(writer, acl);
    prints.set(id, crc32(writer.view()) | 0);
  }
  return prints;
}
