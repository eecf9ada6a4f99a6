import {
  BadVersionError,
  type DataInput,
  NoNodeError,
  type Stat,
  type ZooKeeper,
} from '@zooid/client';
import { isLostAnswer } from '../protected-create.ts';

/**
 * Writes data if the znode has this version, and never twice.
 *
 * When the answer is lost, the znode is read: unless it looks as this write would have left it, the write was not carried out, and is
 * sent again or refused. Otherwise nobody can tell whose it was.
 *
 * @returns the new stat; undefined when the znode has another version, or is not there.
 * @throws ConnectionLossError with outcome `unknown` when the answer was lost and the data may be this write's or another's.
 */
export async function setVersioned(
  zk: ZooKeeper,
  path: string,
  data: DataInput,
  version: number,
  signal?: AbortSignal,
): Promise<Stat | undefined> {
  for (;;) {
    try {
      return await zk.set(path, data, { version, signal });
    } catch (error) {
      if (error instanceof BadVersionError || error instanceof NoNodeError) return undefined;
      if (!isLostAnswer(error)) throw error;
      const fate = await fateOf(zk, path, data, version, signal);
      if (fate === 'refused') return undefined;
      if (fate === 'unknown') throw error;
    }
  }
}

/** What became of a write whose answer was lost. */
async function fateOf(
  zk: ZooKeeper,
  path: string,
  data: DataInput,
  version: number,
  signal: AbortSignal | undefined,
): Promise<'lost' | 'refused' | 'unknown'> {
  // After a sync on the new connection nothing of the old one can still be carried out.
  await zk.sync(path, { signal });
  let node: Awaited<ReturnType<ZooKeeper['get']>>;
  try {
    node = await zk.get(path, { signal });
  } catch (error) {
    if (error instanceof NoNodeError) return 'unknown';
    throw error;
  }
  if (node.stat.version === version) return 'lost';
  // Only the very next version can be ours, and only if it holds what we wrote.
  const isNext = node.stat.version === ((version + 1) | 0);
  return isNext && !isSame(node.data, data) ? 'refused' : 'unknown';
}

/** Whether a znode's bytes are those that this input is sent as. */
export function isSame(bytes: Uint8Array, input: DataInput): boolean {
  const sent = typeof input === 'string' ? new TextEncoder().encode(input) : input;
  if (sent === null) return bytes.length === 0;
  return bytes.length === sent.length && bytes.every((byte, index) => byte === sent[index]);
}
