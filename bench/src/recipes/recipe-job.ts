import { passItems } from './pass-items.ts';
import { passLock } from './pass-lock.ts';

/**
 * What is done: a lock passes to and fro between two clients, which wait until it is released before they ask for it again, or (of Curator
 * they do all the same) do not; or items pass from one to the other, without locks or with them.
 */
export type RecipeWork = 'lock' | 'lock-ahead' | 'queue' | 'locked-queue';

/** Work of two clients. */
export interface RecipeJob {
  readonly work: RecipeWork;
  readonly connectString: string;
  readonly path: string;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface RecipeResult {
  /** Times that the lock went from one client to the other in the measured time, or items that came out of the queue. */
  readonly count: number;
  readonly elapsedMs: number;
  /** Processor time of the process in that time, in ms. */
  readonly processorMs: number;
}

/** The work while it goes on. */
export class RecipeRun {
  isStopped = false;
  #count = 0;
  #onNext: (() => void)[] = [];

  /** Since the beginning. */
  get count(): number {
    return this.#count;
  }

  add(): void {
    this.#count++;
    for (const resolve of this.#onNext.splice(0)) resolve();
  }

  /** Resolves when more than `count` are counted. */
  async isBeyond(count: number): Promise<void> {
    while (this.#count <= count) {
      await new Promise<void>((resolve) => {
        this.#onNext.push(resolve);
      });
    }
  }
}

/** Runs it in this process, with two sessions of its own. */
export async function runRecipeJob(job: RecipeJob): Promise<RecipeResult> {
  const run = new RecipeRun();
  const working =
    job.work === 'lock' || job.work === 'lock-ahead' ? passLock(job, run) : passItems(job, run);
  const measure = async (): Promise<RecipeResult> => {
    await run.isBeyond(0);
    await passed(job.warmUpMs);
    const countBefore = run.count;
    const usage = process.cpuUsage();
    const since = performance.now();
    await passed(job.measureMs);
    // However short the time: a rate of nothing says nothing.
    await run.isBeyond(countBefore);
    const count = run.count - countBefore;
    const elapsedMs = performance.now() - since;
    const { user, system } = process.cpuUsage(usage);
    run.isStopped = true;
    return { count, elapsedMs, processorMs: (user + system) / 1_000 };
  };
  const [result] = await Promise.all([measure(), working]);
  return result;
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
