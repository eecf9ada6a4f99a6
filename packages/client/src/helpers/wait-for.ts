import { OperationTimeoutError } from '../errors.ts';
import { Limit } from '../limit.ts';
import type { CallOptions } from '../session/call.ts';
import type { Stat } from '../stat.ts';
import type { ZooKeeper } from '../zookeeper.ts';

/** See `ZooKeeper.waitFor`. */
export async function waitFor(
  zk: ZooKeeper,
  path: string,
  options: CallOptions = {},
): Promise<Stat> {
  const { signal, timeoutMs } = options;
  using limit = new Limit(signal, timeoutMs, () => {
    return new OperationTimeoutError({ operation: 'waitFor', path });
  });
  for (;;) {
    const found = await zk.exists(path, { watch: true, signal: limit.signal });
    if (found.stat !== undefined) {
      void found.unwatch();
      return found.stat;
    }
    try {
      await limit.race(found.changed);
    } catch (error) {
      void found.unwatch();
      throw error;
    }
  }
}
