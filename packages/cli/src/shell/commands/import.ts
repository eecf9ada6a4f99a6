import { type NodeData, NoNodeError } from '@zooid/client';
import type { Arguments } from '../arguments.ts';
import type { ShellCommand, ShellContext } from '../command.ts';
import { sameAcl, sameData } from '../exchange/same.ts';
import { openTreeFile, type TreeFile } from '../exchange/tree-file.ts';
import { ACL_DEFAULT, type TreeNode } from '../exchange/tree-node.ts';
import { fromRoot } from '../exchange/walk.ts';
import { type Change, creation, setting, writeInBatches } from '../exchange/write-batches.ts';
import { explain, ShellError } from '../shell-error.ts';
import { assertPath } from '../znode-path.ts';

/** What becomes of znodes that exist. */
type Existing = 'stop' | 'skip' | 'overwrite';

/** Znodes that are looked at before those that are missing are written. */
const LOOK_AT_ONCE = 100;

/** What was done. */
interface Tally {
  created: number;
  changed: number;
  skipped: number;
}

export const importTree: ShellCommand = {
  name: 'import',
  usage: '[-existing stop|skip|overwrite] file [path]',
  summary: 'creates the znodes of a file that export or ZooNavigator has written',
  options: {
    existing: {
      value: 'what',
      help: 'with znodes that exist: stop (default), skip, or overwrite data and ACL',
    },
  },
  operandsMin: 1,
  run: async (context, args) => {
    const [name = '', target] = args.operands;
    const existing = existingOf(args);
    if (target !== undefined) assertPath(target);
    // To its end, before anything is written.
    const file = await openTreeFile(name);
    const root = target ?? file.root ?? '/';
    await runImport(context, file, root, existing);
  },
};

function existingOf(args: Arguments): Existing {
  const word = args.value('existing') ?? 'stop';
  if (word === 'stop' || word === 'skip' || word === 'overwrite') return word;
  throw new ShellError(`-existing must be stop, skip or overwrite, not ${word}`, { code: 'USAGE' });
}

async function runImport(
  context: ShellContext,
  file: TreeFile,
  root: string,
  existing: Existing,
): Promise<void> {
  const tally: Tally = { created: 0, changed: 0, skipped: 0 };
  const bar = await context.progress('Importing', file.count);
  const report = () => bar.report(tally.created + tally.changed + tally.skipped);
  const onDone = (changes: readonly Change[]) => {
    for (const { kind } of changes) tally[kind === 'create' ? 'created' : 'changed']++;
    report();
  };
  const work: Work = { context, file, root, existing, tally, report };
  const { unknown, error } = await writeInBatches(context, changesOf(work), onDone);
  bar.end();
  if (error !== undefined) throw stopped(error, tally, file.count, unknown);
  context.print(`${sumOf(tally)}; ${file.count} in the file`);
  context.json({ root, ...tally });
}

/** What stopped it, and how far it had come. */
function stopped(error: unknown, tally: Tally, total: number, unknown: number): unknown {
  const reason = explain(error);
  if (reason === undefined) return error;
  const { code, path, message } = reason;
  const lines = [message];
  const hasWritten = tally.created + tally.changed > 0;
  lines.push(
    hasWritten
      ? `Stopped after ${sumOf(tally)}, of ${total} in the file.`
      : 'Nothing was imported.',
  );
  if (unknown > 0) lines.push(`${unknown} more were sent without an answer: they may be there.`);
  if (hasWritten || unknown > 0) lines.push('"-existing skip" goes on where it stopped.');
  else if (code === 'NODE_EXISTS')
    lines.push('"-existing skip" leaves what is there, "-existing overwrite" replaces it.');
  return new ShellError(lines.join('\n'), { code, path });
}

function sumOf({ created, changed, skipped }: Tally): string {
  return `${created} created, ${changed} changed, ${skipped} left as they are`;
}

/** An import under way. */
interface Work {
  readonly context: ShellContext;
  readonly file: TreeFile;
  readonly root: string;
  readonly existing: Existing;
  readonly tally: Tally;
  /** Tells the tally to whoever follows. */
  readonly report: () => void;
}

async function* changesOf(work: Work): AsyncGenerator<Change> {
  let some: TreeNode[] = [];
  for await (const { path, data, acl } of work.file.nodes()) {
    some.push({ path: fromRoot(work.root, path), data, acl });
    if (some.length < LOOK_AT_ONCE) continue;
    yield* changesFor(work, some);
    some = [];
  }
  yield* changesFor(work, some);
}

async function* changesFor(work: Work, nodes: readonly TreeNode[]): AsyncGenerator<Change> {
  const { context, existing, tally } = work;
  const found = await Promise.all(
    // The root of the tree is always there; of others a server says so when they are created.
    nodes.map(({ path }) =>
      existing !== 'stop' || path === '/' ? tryGet(context, path) : undefined,
    ),
  );
  for (const [index, node] of nodes.entries()) {
    const { path, data, acl } = node;
    const there = found[index];
    if (there === undefined) yield creation(path, data ?? null, { acl: acl ?? ACL_DEFAULT });
    else if (existing !== 'overwrite') tally.skipped++;
    else yield* overwriting(context, node, there, tally);
  }
  work.report();
}

async function* overwriting(
  { zk, signal }: ShellContext,
  { path, data, acl }: TreeNode,
  there: NodeData,
  tally: Tally,
): AsyncGenerator<Change> {
  const hasOtherData = data !== undefined && !sameData(data, there);
  const hasOtherAcl = acl !== undefined && !sameAcl(acl, (await zk.getAcl(path, { signal })).acl);
  if (hasOtherAcl) await zk.setAcl(path, acl, { signal });
  if (hasOtherData) yield setting(path, data);
  else if (hasOtherAcl) tally.changed++;
  else tally.skipped++;
}

async function tryGet({ zk, signal }: ShellContext, path: string): Promise<NodeData | undefined> {
  try {
    return await zk.get(path, { signal });
  } catch (error) {
    if (error instanceof NoNodeError) return undefined;
    throw error;
  }
}
