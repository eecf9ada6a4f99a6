import { type CreateModeName, EphemeralOnLocalSessionError, InvalidAclError } from '@zooid/client';
import { parseAcl } from '../acl-text.ts';
import type { Arguments } from '../arguments.ts';
import type { ShellCommand } from '../command.ts';
import { ShellError } from '../shell-error.ts';
import { assertPath } from '../znode-path.ts';

/** Source: EphemeralType.TTL, which has 40 bits for it. */
const TTL_MS_MAX = 2 ** 40 - 1;

export const create: ShellCommand = {
  name: 'create',
  usage: '[-s] [-e] [-c] [-t ttl] path [data] [acl]',
  summary: 'adds a znode',
  options: {
    e: { help: 'ephemeral' },
    s: { help: 'sequential' },
    c: { help: 'container' },
    t: { value: 'ttl', help: 'goes when it was not changed for so many ms' },
  },
  operandsMin: 1,
  run: async (context, args) => {
    const mode = modeOf(args);
    const ttlMs = ttlOf(args);
    const [path = '', data = null, aclText] = args.operands;
    assertPath(args.has('s') ? `${path}1` : path);
    const acl = aclText === undefined ? undefined : parseAcl(aclText, context);
    const { zk, note, json, signal } = context;
    if (acl?.length === 0) {
      note('KeeperErrorCode = InvalidACL');
      throw new ShellError('Acl is not valid : null');
    }
    const created = await zk.create(path, data, { mode, ttlMs, acl, signal }).catch((error) => {
      // Apache's shell says these two in two ways.
      if (error instanceof InvalidAclError) note(`KeeperErrorCode = InvalidACL for ${path}`);
      if (error instanceof EphemeralOnLocalSessionError)
        note('Unable to create ephemeral node on a local session');
      throw error;
    });
    if (!context.shell.usesJson) note(`Created ${created.path}`);
    json({ path: created.path });
  },
};

function modeOf(args: Arguments): CreateModeName {
  const isSequential = args.has('s');
  if (args.has('c')) {
    if (isSequential || args.has('e'))
      throw new ShellError(
        '-c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential.',
      );
    return 'container';
  }
  if (args.has('e')) return isSequential ? 'ephemeral-sequential' : 'ephemeral';
  return isSequential ? 'persistent-sequential' : 'persistent';
}

function ttlOf(args: Arguments): number | undefined {
  const text = args.value('t');
  if (text === undefined) return undefined;
  if (!/^[-+]?\d+$/.test(text)) throw new ShellError('-t argument must be a long value');
  if (args.has('e')) throw new ShellError('TTLs cannot be used with Ephemeral znodes');
  if (args.has('c')) throw new ShellError('TTLs cannot be used with Container znodes');
  const ttlMs = Number(text);
  if (ttlMs <= 0 || ttlMs > TTL_MS_MAX)
    throw new ShellError(`ttl must be positive and cannot be larger than: ${TTL_MS_MAX}`);
  return ttlMs;
}
