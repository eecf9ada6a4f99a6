import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { ServerCommand } from '../servers/server-kind.ts';

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;

/** Said with figures, as they mean something else without. */
export const pinningText: string = canPin
  ? 'clients run on core 0, the server on core 1'
  : 'clients and server share the cores (there is no taskset, or only one core)';

/** The command on one core, with all of its threads, where that is possible. */
export function pinned(core: number, { file, args }: ServerCommand): ServerCommand {
  return canPin ? { file: 'taskset', args: ['-c', String(core), file, ...args] } : { file, args };
}
