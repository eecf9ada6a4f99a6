import { NodeExistsError, NoNodeError } from '@zooid/client';
import { parentOf } from '@zooid/protocol';
import type { Arguments } from '../arguments.ts';
import type { ShellCommand, ShellContext } from '../command.ts';
import {
  LIMITS_NAME,
  limitsPath,
  parseQuota,
  QUOTA_ROOT,
  type QuotaNumbers,
  quotaNumber,
  quotaPath,
  quotaText,
  statsPath,
} from '../quota.ts';
import { ShellError } from '../shell-error.ts';
import { visitSubtree } from '../subtree.ts';
import { assertPath } from '../znode-path.ts';

/** In the order in which Apache's shell looks at them. */
const limits = [
  { option: 'n', key: 'count', least: 1n, fault: 'the num quota must be greater than zero' },
  {
    option: 'b',
    key: 'bytes',
    least: 0n,
    fault: 'the bytes quota must be greater than or equal to zero',
  },
  {
    option: 'N',
    key: 'countHardLimit',
    least: 1n,
    fault: 'the num quota must be greater than zero',
  },
  {
    option: 'B',
    key: 'byteHardLimit',
    least: 0n,
    fault: 'the bytes quota must be greater than or equal to zero',
  },
] as const;

export const setQuota: ShellCommand = {
  name: 'setquota',
  usage: '-n|-b|-N|-B val path',
  summary: 'limits the znodes or the bytes of a subtree',
  options: {
    n: { value: 'val', help: 'znodes; the server only warns' },
    b: { value: 'val', help: 'bytes; the server only warns' },
    N: { value: 'val', help: 'znodes; the server refuses more' },
    B: { value: 'val', help: 'bytes; the server refuses more' },
  },
  operandsMin: 1,
  run: async (context, args) => {
    const given = limits.filter(({ option }) => args.has(option));
    if (given.length === 0)
      throw new ShellError(`${setQuota.name} ${setQuota.usage}`, { code: 'USAGE' });
    if (given.length > 1)
      throw new ShellError(
        `The option '${given[1]!.option}' was specified but an option from this group has already been selected: '${given[0]!.option}'`,
      );
    const [path = ''] = args.operands;
    if (path.startsWith(QUOTA_ROOT)) {
      context.note(`cannot set a quota under the path: ${QUOTA_ROOT}`);
      context.json(null);
      return;
    }
    const wanted = wantedLimit(context, args, given[0]!);
    if (wanted === undefined) {
      context.json(null);
      return;
    }
    assertPath(path);
    assertPath(quotaPath(path));
    await writeQuota(context, path, wanted);
    context.json({ path, limits: quotaText(wanted) });
  },
};

/** undefined when it has said why not. */
function wantedLimit(
  { note }: ShellContext,
  args: Arguments,
  { option, key, least, fault }: (typeof limits)[number],
): QuotaNumbers | undefined {
  const text = args.value(option) ?? '';
  if (!/^[-+]?\d{1,18}$/.test(text)) {
    note('NumberFormatException happens when parsing the option value');
    return undefined;
  }
  const value = BigInt(text.replace(/^\+/, ''));
  if (value < least) {
    note(fault);
    return undefined;
  }
  const wanted: QuotaNumbers = new Map(limits.map((limit) => [limit.key, -1n]));
  return wanted.set(key, value);
}

async function writeQuota(
  context: ShellContext,
  path: string,
  wanted: QuotaNumbers,
): Promise<void> {
  const { zk, signal } = context;
  if ((await zk.exists(path, { signal })) === undefined)
    throw new ShellError(`${path} does not exist.`);
  await assertAlone(context, path);
  await createAll(context, quotaPath(path));
  const present = await readNumbers(context, limitsPath(path));
  if (present === undefined) {
    await zk.create(limitsPath(path), quotaText(wanted), { signal });
    await zk.create(statsPath(path), 'count=0,bytes=0', { signal });
  }
  const merged: QuotaNumbers = new Map(present ?? []);
  for (const [key, value] of wanted)
    if (value > -1n || present === undefined) merged.set(key, value);
  warn(context, merged, (await readNumbers(context, statsPath(path))) ?? new Map());
  if (present !== undefined) await zk.set(limitsPath(path), quotaText(merged), { signal });
}

/** Neither above nor below may there be another quota. */
async function assertAlone({ zk, signal }: ShellContext, path: string): Promise<void> {
  const own = quotaPath(path);
  const offender = (quoted: string) => quoted.slice(QUOTA_ROOT.length);
  try {
    await visitSubtree(zk, own, { signal }, (at) => {
      if (!at.endsWith(`/${LIMITS_NAME}`) || parentOf(at) === own) return;
      throw new ShellError(`${path} has a child ${offender(parentOf(at))} which has a quota`);
    });
  } catch (error) {
    if (!(error instanceof NoNodeError)) throw error;
  }
  for (let at = parentOf(own); at.length >= QUOTA_ROOT.length; at = parentOf(at)) {
    if ((await zk.exists(`${at}/${LIMITS_NAME}`, { signal })) !== undefined)
      throw new ShellError(`${path} has a parent ${offender(at)} which has a quota`);
    if (at === QUOTA_ROOT) break;
  }
}

async function createAll({ zk, signal }: ShellContext, path: string): Promise<void> {
  let at = '';
  for (const name of path.split('/').slice(1)) {
    at += `/${name}`;
    try {
      if ((await zk.exists(at, { signal })) === undefined) await zk.create(at, null, { signal });
    } catch (error) {
      if (!(error instanceof NodeExistsError)) throw error;
    }
  }
}

async function readNumbers(
  { zk, signal }: ShellContext,
  path: string,
): Promise<QuotaNumbers | undefined> {
  try {
    return parseQuota((await zk.get(path, { signal })).text());
  } catch (error) {
    if (error instanceof NoNodeError) return undefined;
    throw error;
  }
}

function warn({ print }: ShellContext, quota: QuotaNumbers, stats: QuotaNumbers): void {
  const check = (word: string, used: bigint, ...keys: readonly string[]) => {
    const isBelow = keys.some((key) => {
      const limit = quotaNumber(quota, key);
      return limit > -1n && limit < used;
    });
    if (isBelow)
      print(`[Warning]: the ${word} quota you create is less than the existing ${word}:${used}`);
  };
  check('count', quotaNumber(stats, 'count'), 'count', 'countHardLimit');
  check('bytes', quotaNumber(stats, 'bytes'), 'bytes', 'byteHardLimit');
}
