import { BadVersionError } from '../errors.ts';
import { withinLimit } from '../limit.ts';
import type { NodeData } from '../node-data.ts';
import type { DataInput } from '../options.ts';
import type { CallOptions } from '../session/call.ts';
import type { Stat } from '../stat.ts';
import type { ZooKeeper } from '../zookeeper.ts';

/** How patient to be with others. */
export interface UpdateOptions extends CallOptions {
  /** How often to try before the `BadVersionError` is the caller's. Default 100. */
  readonly maxAttempts?: number | undefined;
}

const ATTEMPTS_MAX_DEFAULT = 100;

/** See `ZooKeeper.update`. */
export async function update(
  zk: ZooKeeper,
  path: string,
  change: (current: NodeData) => DataInput | undefined | Promise<DataInput | undefined>,
  options: UpdateOptions = {},
): Promise<Stat> {
  const { maxAttempts = ATTEMPTS_MAX_DEFAULT } = options;
  return await withinLimit('update', path, options, async (limits) => {
    for (let attempt = 1; ; attempt++) {
      const current = await zk.get(path, limits);
      const data = await change(current);
      if (data === undefined) return current.stat;
      try {
        return await zk.set(path, data, { version: current.stat.version, ...limits });
      } catch (error) {
        // Somebody was faster, so somebody has made headway: at once again, without a pause.
        if (!(error instanceof BadVersionError) || attempt >= maxAttempts) throw error;
      }
    }
  });
}
