/**
 * Creates whose lost answers do no harm.
 *
 * A sequential name is made by the server, so a client whose connection breaks before the answer does not know what it owns. Names made
 * here begin with what nobody else has: after a lost answer the parent is listed, and the child that begins so is the one.
 *
 * Source: Curator's CreateBuilderImpl and ProtectedUtils.
 */

import {
  type Acl,
  ConnectionLossError,
  type Created,
  type CreateModeName,
  type DataInput,
  NoNodeError,
  UnimplementedError,
  type ZooKeeper,
} from '@zooid/client';
import { deleteInBackground, guaranteedDelete } from './guaranteed-delete.ts';
import { orAborted } from './or-aborted.ts';
import { joinPath, nameOf, parentOf } from './paths.ts';

export interface ProtectedCreateOptions {
  /** Default `persistent`. */
  readonly mode?: CreateModeName | undefined;
  /** Of the znode and of the parents that are created. Default: everybody everything. */
  readonly acl?: readonly Acl[] | undefined;
  /** Ends the wait. What was created all the same is deleted in the background. */
  readonly signal?: AbortSignal | undefined;
  /** A fixed id in place of a random UUID. */
  readonly id?: string | undefined;
}

/** Options of {@link createFindable}. */
export interface FindableCreateOptions extends Omit<ProtectedCreateOptions, 'id'> {
  /** What parents become that do not exist. Default `container`. */
  readonly parents?: 'container' | 'persistent' | undefined;
}

/**
 * Creates a znode in Curator's protection mode: its name gets `_c_<uuid>-` in front. Parents that do not exist are created as
 * containers, or persistent where the server has none.
 *
 * A lost connection is not an error: the call ends with the session at the latest.
 *
 * @throws NodeExistsError, NoAuthError, ... as `create`; the error of the session; the signal's reason.
 */
export function createProtected(
  zk: ZooKeeper,
  path: string,
  data: DataInput | undefined,
  options: ProtectedCreateOptions = {},
): Promise<Created> {
  const prefix = `_c_${options.id ?? crypto.randomUUID()}-`;
  const protectedPath = joinPath(parentOf(path), prefix + nameOf(path));
  return createFindable(zk, protectedPath, prefix, data, options);
}

/**
 * The same for a name of another form.
 *
 * @param path - as for `create`.
 * @param prefix - what the last name of `path` begins with, and no other child's name.
 */
export async function createFindable(
  zk: ZooKeeper,
  path: string,
  prefix: string,
  data: DataInput | undefined,
  options: FindableCreateOptions = {},
): Promise<Created> {
  const { signal } = options;
  signal?.throwIfAborted();
  // The signal does not end the request itself: then nobody would learn what became of it.
  const creating = create(zk, path, prefix, data, options);
  try {
    return await orAborted(creating, signal);
  } catch (error) {
    if (signal?.aborted) {
      creating.then(
        (created) => deleteInBackground(zk, created.path),
        () => undefined,
      );
    }
    throw error;
  }
}

async function create(
  zk: ZooKeeper,
  path: string,
  prefix: string,
  data: DataInput | undefined,
  { mode, acl, signal, parents = 'container' }: FindableCreateOptions,
): Promise<Created> {
  for (;;) {
    try {
      return await zk.create(path, data, { mode, acl });
    } catch (error) {
      if (error instanceof NoNodeError) {
        await ensureParent(zk, parentOf(path), parents, acl);
      } else if (!isLostAnswer(error)) {
        throw error;
      } else {
        const found = await findOwn(zk, parentOf(path), prefix);
        if (found !== undefined) return found;
      }
    }
    signal?.throwIfAborted();
  }
}

/** Creates a znode and those above it that do not exist; persistent ones where the server has no containers. */
export async function ensureParent(
  zk: ZooKeeper,
  path: string,
  mode: 'container' | 'persistent',
  acl?: readonly Acl[],
): Promise<void> {
  try {
    await ensure(zk, path, { mode, acl });
  } catch (error) {
    if (!(error instanceof UnimplementedError)) throw error;
    await ensure(zk, path, { acl });
  }
}

/** That an answer was lost leaves nothing in doubt here: the next try sees what is there. */
async function ensure(
  zk: ZooKeeper,
  path: string,
  options: NonNullable<Parameters<ZooKeeper['ensurePath']>[1]>,
): Promise<void> {
  for (;;) {
    try {
      await zk.ensurePath(path, options);
      return;
    } catch (error) {
      if (!isLostAnswer(error)) throw error;
    }
  }
}

/** Whether no answer came because the connection was lost, and the session goes on. */
export function isLostAnswer(error: unknown): boolean {
  return error instanceof ConnectionLossError;
}

/** The child of `parent` whose name begins with `prefix` and that this session made; undefined when there is none. */
async function findOwn(
  zk: ZooKeeper,
  parent: string,
  prefix: string,
): Promise<Created | undefined> {
  let names: readonly string[];
  try {
    // The new connection may be with a server that has not yet heard of what the old one carried out.
    await zk.sync(parent);
    names = (await zk.children(parent)).names;
  } catch (error) {
    if (error instanceof NoNodeError) return undefined;
    throw error;
  }
  for (const name of names) {
    if (!name.startsWith(prefix)) continue;
    const path = joinPath(parent, name);
    const stat = await zk.exists(path);
    if (stat === undefined) continue;
    if (stat.ephemeralOwner === 0n || stat.ephemeralOwner === zk.session.id) return { path, stat };
    // An older session made it, with which it would go.
    await guaranteedDelete(zk, path);
  }
  return undefined;
}
