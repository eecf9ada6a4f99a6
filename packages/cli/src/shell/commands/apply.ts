import type { ShellCommand, ShellContext } from '../command.ts';
import { differenceTo, type Step } from '../exchange/difference.ts';
import { stepJson, stepLine } from '../exchange/difference-lines.ts';
import { openTreeFile } from '../exchange/tree-file.ts';
import {
  BATCH,
  type BatchLimits,
  type Change,
  creation,
  deletion,
  setting,
  writeInBatches,
} from '../exchange/write-batches.ts';
import { explain, ShellError } from '../shell-error.ts';
import { assertPath } from '../znode-path.ts';

/** Up to here all is done at once or not at all: servers take a megabyte in one request, and some of it is not data. */
const ONE_TRANSACTION: BatchLimits = { changesMax: 5000, bytesMax: 768 * 1024 };

export const apply: ShellCommand = {
  name: 'apply',
  usage: '-f file [-n] [-y] [path]',
  summary: 'makes a subtree equal to a file, after it has shown the difference and asked',
  options: {
    f: { value: 'file', help: 'as export writes it' },
    n: { help: 'only show the difference; it is an error if there is one' },
    y: { help: 'do not ask' },
    yes: { help: 'the same' },
  },
  run: async (context, args) => {
    const name = args.value('f');
    const [target] = args.operands;
    if (name === undefined) throw new ShellError(`${apply.name} ${apply.usage}`, { code: 'USAGE' });
    if (target !== undefined) assertPath(target);
    const file = await openTreeFile(name);
    if (file.root === undefined)
      throw new ShellError(
        `${name} is a file of ZooNavigator's: import it, or apply what export wrote`,
      );
    const root = target ?? file.root;
    const { steps, ephemeral } = await differenceTo(context, file, root);
    for (const path of ephemeral) context.note(`${path} is ephemeral: it stays`);
    show(context, steps);
    const answer = { root, steps: steps.map(stepJson) };
    if (args.has('n') && steps.length > 0) {
      context.json({ ...answer, applied: false });
      throw new ShellError(`${root} is not as ${name} says`);
    }
    if (steps.length > 0) {
      if (!(args.has('y') || args.has('yes'))) await confirm(context, steps.length);
      await carryOut(context, steps);
    }
    context.json({ ...answer, applied: steps.length > 0 });
  },
};

function show({ screen, print }: ShellContext, steps: readonly Step[]): void {
  if (steps.length === 0) print('No difference.');
  const lines = steps.map(stepLine);
  if (screen !== undefined) screen.show(lines);
  else for (const line of lines) print(line.map(({ text }) => text).join(''));
}

/** @throws ShellError unless the answer is yes. */
async function confirm({ keyboard, signal }: ShellContext, count: number): Promise<void> {
  if (keyboard === undefined)
    throw new ShellError('Nothing was changed. -y applies this without a question.');
  const question = `Make ${count === 1 ? 'this change' : `these ${count} changes`}? [y/N] `;
  if (!/^\s*y(es)?\s*$/i.test(await keyboard.ask(question, signal)))
    throw new ShellError('Nothing was changed.');
}

/** Creates, then new data, then what goes, the deepest first; ACLs at the end, for they may forbid the rest. */
async function carryOut(context: ShellContext, steps: readonly Step[]): Promise<void> {
  const changes = [
    ...steps.flatMap((step) =>
      step.kind === 'create' ? [creation(step.path, step.data, { acl: step.acl })] : [],
    ),
    ...steps.flatMap((step) =>
      step.kind === 'set' ? [setting(step.path, step.data, step.version)] : [],
    ),
    ...steps
      .flatMap((step) => (step.kind === 'delete' ? [deletion(step.path, step.version)] : []))
      .reverse(),
  ];
  let done = 0;
  const bar = await context.progress('Applying', steps.length);
  const onDone = (some: readonly Change[]) => {
    done += some.length;
    bar.report(done);
  };
  const limits = fitsInOne(changes) ? ONE_TRANSACTION : BATCH;
  const ending = await writeInBatches(context, changes, onDone, limits);
  let { error } = ending;
  if (error === undefined) {
    error = await setAcls(context, steps, () => {
      done++;
      bar.report(done);
    });
  }
  bar.end();
  if (error !== undefined) throw stopped(error, done, ending.unknown, steps.length);
  context.print(`${done} ${done === 1 ? 'change' : 'changes'} made.`);
}

function fitsInOne(changes: readonly Change[]): boolean {
  const bytes = changes.reduce((sum, change) => sum + change.bytes, 0);
  return changes.length <= ONE_TRANSACTION.changesMax && bytes <= ONE_TRANSACTION.bytesMax;
}

/** What stopped it. */
async function setAcls(
  { zk, signal }: ShellContext,
  steps: readonly Step[],
  onDone: () => void,
): Promise<unknown> {
  try {
    for (const step of steps) {
      if (step.kind !== 'set-acl') continue;
      await zk.setAcl(step.path, step.acl, { version: step.version, signal });
      onDone();
    }
    return undefined;
  } catch (error) {
    return error;
  }
}

function stopped(error: unknown, done: number, unknown: number, total: number): unknown {
  const reason = explain(error);
  if (reason === undefined) return error;
  const { code, path, message } = reason;
  const extent =
    unknown > 0
      ? `${done} of ${total} changes were made, ${unknown} were sent without an answer.`
      : done === 0
        ? 'Nothing was changed.'
        : `${done} of ${total} changes were made.`;
  const cause =
    code === 'BAD_VERSION' || code === 'NODE_EXISTS' || code === 'NO_NODE'
      ? 'Somebody else has changed the tree meanwhile. '
      : '';
  return new ShellError(`${message}\n${cause}${extent} Apply again to see what is left.`, {
    code,
    path,
  });
}
