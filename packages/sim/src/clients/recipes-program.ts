import type { ZooKeeper } from '@zooid/client';
import type { SeededRandom } from '../random.ts';
import type { ClientProcess } from './client-process.ts';
import { useCounter } from './counter-use.ts';
import { useLatch, useMutex, useSemaphore } from './lock-uses.ts';
import { Program } from './program.ts';
import { useQueue } from './queue-use.ts';
import { recipeUses } from './recipe-uses.ts';

/** A program that makes use of one recipe after another, of the mutex most often, and as often of those that this history has besides. */
export class RecipesProgram extends Program {
  /** Of its own, so that the recipes that all have are used as they would be without others. */
  readonly #choice: SeededRandom;

  constructor(process: ClientProcess) {
    super(process);
    this.#choice = process.random.fork(`recipes ${process.startCount}`);
  }

  protected override async step(zk: ZooKeeper): Promise<void> {
    const { recipes } = this.world.options;
    if (recipes.length > 0 && this.#choice.chance(0.5)) {
      await recipeUses[this.#choice.pick(recipes)](this, zk);
      return;
    }
    const draw = this.random.next();
    if (draw < 0.5) await useMutex(this, zk);
    else if (draw < 0.6) await useSemaphore(this, zk);
    else if (draw < 0.7) await useLatch(this, zk);
    else if (draw < 0.9) await useQueue(this, zk);
    else await useCounter(this, zk);
  }
}
