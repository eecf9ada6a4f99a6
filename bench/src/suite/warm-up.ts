import type { ServerAddress } from 'zooid/load';
import { type LoadSettings, measureLoad } from './measure-load.ts';

/** Some of everything before the first row, so that Java has compiled what it runs. */
export async function warmUpServers(
  addresses: readonly ServerAddress[],
  settings: LoadSettings,
  totalMs: number,
): Promise<void> {
  const timing = { warmUpMs: 0, measureMs: totalMs / 3 };
  const shape = { connections: 32, outstanding: 16 };
  for (const workload of ['mixed-50-50', 'getChildren', 'create'] as const) {
    await measureLoad(addresses, { workload, shape, valueBytes: 100 }, { ...settings, ...timing });
  }
}
