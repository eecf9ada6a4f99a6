import type { ZooKeeper } from '@zooid/client';
import type { WaitOptions } from '../deadline.ts';
import { Deadline } from '../deadline.ts';
import { orAborted } from '../or-aborted.ts';
import { ensureParent } from '../protected-create.ts';

/**
 * The client seen from below `/<name>`, which is made when it does not exist, as a container: Curator's namespaces. For a path that
 * exists `zk.under` is enough.
 */
export async function openNamespace(
  zk: ZooKeeper,
  name: string,
  options: WaitOptions = {},
): Promise<ZooKeeper> {
  const path = name.startsWith('/') ? name : `/${name}`;
  const namespace = zk.under(path);
  using deadline = new Deadline('openNamespace', path, options);
  await orAborted(ensureParent(zk, path, 'container'), deadline.signal);
  return namespace;
}
