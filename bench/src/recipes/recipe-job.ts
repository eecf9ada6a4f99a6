import { connect } from '@zooid/client';
import { Mutex } from '@zooid/recipes';

/** Two clients that pass a lock to and fro. */
export interface RecipeJob {
  readonly connectString: string;
  readonly path: string;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface RecipeResult {
  /** Times that the lock went from one client to the other in the measured time. */
  readonly handOverCount: number;
  readonly elapsedMs: number;
  /** Processor time of the process in that time, in ms. */
  readonly processorMs: number;
}

/** Runs it in this process, with two sessions of its own. */
export async function runRecipeJob(job: RecipeJob): Promise<RecipeResult> {
  let isStopped = false;
  let handOverCount = 0;
  let last = -1;
  const pass = async (client: number): Promise<void> => {
    await using zk = await connect(job.connectString);
    const mutex = new Mutex(zk, job.path);
    while (!isStopped) {
      const held = await mutex.acquire();
      if (last !== client) handOverCount++;
      last = client;
      await held.release();
    }
  };
  const measure = async (): Promise<RecipeResult> => {
    await passed(job.warmUpMs);
    const countBefore = handOverCount;
    const usage = process.cpuUsage();
    const since = performance.now();
    await passed(job.measureMs);
    const count = handOverCount - countBefore;
    const elapsedMs = performance.now() - since;
    const { user, system } = process.cpuUsage(usage);
    isStopped = true;
    return { handOverCount: count, elapsedMs, processorMs: (user + system) / 1_000 };
  };
  const [result] = await Promise.all([measure(), pass(0), pass(1)]);
  return result;
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
