import { OpCode } from '@zooid/protocol';
import type { Chroot } from './chroot.ts';
import { type CreateOp, createRequest } from './create-request.ts';
import { NoNodeError, UnimplementedError, ZooKeeperError } from './errors.ts';
import type { CreateOptions, DataInput } from './options.ts';
import { type Created, readCreated, readNothing, readPath, readStat } from './replies.ts';
import type { CallSpec, Effect } from './session/call.ts';
import type { Session } from './session/session.ts';
import type { Stat } from './stat.ts';

/** Sessions with servers that do not know create-with-stat: early ClickHouse Keepers. */
const withoutCreate2 = new WeakSet<Session>();

/** See `ZooKeeper.create`. */
export async function createZnode(
  session: Session,
  chroot: Chroot,
  path: string,
  data: DataInput | undefined,
  options: CreateOptions | undefined,
): Promise<Created> {
  const request = createRequest('create', chroot, path, data, options);
  const effect = options?.idempotent ? 'repeatable' : 'once';
  if (request.op !== OpCode.create2 || !withoutCreate2.has(session)) {
    try {
      const created = await session.call(
        { operation: 'create', path, request, decode: readCreated, effect },
        options,
      );
      return { path: chroot.toClient(created.path), stat: created.stat };
    } catch (error) {
      if (!(error instanceof UnimplementedError) || request.op !== OpCode.create2) throw error;
    }
    // Such a server may hang up behind its answer. A read finds out, and is sent again; a create could not be.
    await session.call(existsSpec(path, '/'), options);
    withoutCreate2.add(session);
  }
  const created = await createWithoutStat(session, path, request, effect, options);
  return { path: chroot.toClient(created.path), stat: created.stat };
}

/** The stat is asked for afterwards. @returns the server's path. */
async function createWithoutStat(
  session: Session,
  path: string,
  request: CreateOp,
  effect: Effect,
  options: CreateOptions | undefined,
): Promise<Created> {
  const created = await session.call(
    {
      operation: 'create',
      path,
      request: { ...request, op: OpCode.create },
      decode: readPath,
      effect,
    },
    options,
  );
  const sentence = 'the znode was created, but its stat could not be read';
  const facts = { operation: 'create', path, outcome: 'unknown', sentence } as const;
  let stat: Stat | undefined;
  try {
    stat = await session.call(existsSpec(path, created), options);
  } catch (cause) {
    if (!ZooKeeperError.is(cause)) throw cause;
    throw new ZooKeeperError(cause.code, cause.kind, sentence, { ...facts, cause });
  }
  if (stat === undefined) throw new NoNodeError(facts);
  return { path: created, stat };
}

/** @param path - the caller's, for errors. @param serverPath - what is looked for. */
function existsSpec(path: string, serverPath: string): CallSpec<Stat | undefined> {
  return {
    operation: 'create',
    path,
    request: { op: OpCode.exists, path: serverPath, watch: false },
    decode: readStat,
    whenAbsent: readNothing,
    effect: 'none',
  };
}
