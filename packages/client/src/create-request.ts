import { CreateMode, isValidTtl, type MultiWriteOp, OpCode, openAcl } from '@zooid/protocol';
import type { Chroot } from './chroot.ts';
import { bytesOf } from './data.ts';
import { BadArgumentsError } from './errors.ts';
import type { CreateModeName, CreateOptions, DataInput } from './options.ts';

const flagsByMode: Readonly<Record<CreateModeName, CreateMode>> = {
  persistent: CreateMode.persistent,
  'persistent-sequential': CreateMode.persistentSequential,
  ephemeral: CreateMode.ephemeral,
  'ephemeral-sequential': CreateMode.ephemeralSequential,
  container: CreateMode.container,
};

/** A create that changes the tree. */
export type CreateOp = Extract<
  MultiWriteOp,
  { readonly op: (typeof OpCode)['create' | 'create2' | 'createContainer' | 'createTTL'] }
>;

/**
 * The request for a new znode, whichever of the opcodes its mode needs.
 *
 * @throws BadArgumentsError for a path, mode or TTL that is none.
 */
export function createRequest(
  operation: string,
  chroot: Chroot,
  path: string,
  data: DataInput | undefined,
  options: CreateOptions | undefined,
): CreateOp {
  const { mode = 'persistent', acl = openAcl, ttlMs } = options ?? {};
  const flags = flagsByMode[mode];
  if (flags === undefined) {
    throw new BadArgumentsError({ operation, path, sentence: `there is no mode ${String(mode)}` });
  }
  const isSequential = mode === 'persistent-sequential' || mode === 'ephemeral-sequential';
  const request = {
    path: isSequential
      ? chroot.toServerSequential(operation, path)
      : chroot.toServer(operation, path),
    data: bytesOf(data),
    acl,
  };
  if (ttlMs !== undefined) {
    const ttlFlags = ttlFlagsOf(mode);
    if (ttlFlags === undefined) {
      const sentence = `a znode of the mode ${mode} cannot have a TTL`;
      throw new BadArgumentsError({ operation, path, sentence });
    }
    if (!Number.isInteger(ttlMs) || !isValidTtl(ttlMs)) {
      throw new BadArgumentsError({ operation, path, sentence: `a TTL of ${ttlMs} ms` });
    }
    return { op: OpCode.createTTL, ...request, flags: ttlFlags, ttl: BigInt(ttlMs) };
  }
  const op = mode === 'container' ? OpCode.createContainer : OpCode.create2;
  return { op, ...request, flags };
}

function ttlFlagsOf(mode: CreateModeName): CreateMode | undefined {
  switch (mode) {
    case 'persistent':
      return CreateMode.persistentWithTtl;
    case 'persistent-sequential':
      return CreateMode.persistentSequentialWithTtl;
    default:
      return undefined;
  }
}
