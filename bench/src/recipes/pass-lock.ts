import { connect } from '@zooid/client';
import { Mutex } from '@zooid/recipes';
import type { RecipeJob, RecipeRun } from './recipe-job.ts';

/** Two clients that pass a lock to and fro: each takes it and gives it back as soon as it can, and asks for it again when it is released or at once. */
export async function passLock(job: RecipeJob, run: RecipeRun): Promise<void> {
  let last = -1;
  const pass = async (client: number): Promise<void> => {
    await using zk = await connect(job.connectString);
    const mutex = new Mutex(zk, job.path);
    let releasing = Promise.resolve();
    while (!run.isStopped) {
      const held = await mutex.acquire();
      if (last !== client) run.add();
      last = client;
      await releasing;
      releasing = held.release();
      if (job.work === 'lock') await releasing;
    }
    await releasing;
  };
  await Promise.all([pass(0), pass(1)]);
}
