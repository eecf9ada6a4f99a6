import { isDisturbed, type ServerAddress } from 'zooid/load';
import { type LoadCase, type LoadFigures, type LoadSettings, measureLoad } from './measure-load.ts';

/**
 * Measures a row, again if others disturbed it; the last attempt counts whatever it was like.
 *
 * @param retries - how many attempts there may be after the first.
 */
export async function measureUndisturbed(
  addresses: readonly ServerAddress[],
  spec: LoadCase & { readonly id: string },
  settings: LoadSettings,
  retries: number,
): Promise<LoadFigures> {
  for (let left = retries; ; left--) {
    const figures = await measureLoad(addresses, spec, settings).catch((error: Error) => {
      throw new Error(`${spec.id}: ${error.message}`, { cause: error });
    });
    if (left === 0 || !isDisturbed(figures.busyness)) return figures;
  }
}
