import { connect } from '@zooid/client';
import { Queue, textCodec } from '@zooid/recipes';
import type { RecipeJob, RecipeRun } from './recipe-job.ts';

/** Items that are in the queue, or on their way there: so many that the consumer never waits for one. The same for Curator. */
const ITEMS_AHEAD = 500;
/** Items that the consumer takes ahead. Curator has no such thing: its consumer takes the next item when it is done with this one. */
const PREFETCH = 128;
const ITEM = 'x'.repeat(100);

/** One client that puts items into a queue, and one that takes them out and works on one at a time. The work is nothing. */
export async function passItems(job: RecipeJob, run: RecipeRun): Promise<void> {
  await using producer = await connect(job.connectString);
  await using consumer = await connect(job.connectString);
  const options = {
    codec: textCodec,
    lockPath: job.work === 'queue' ? 'none' : `${job.path}-locks`,
  };
  const source = new Queue(producer, job.path, options);
  const ending = new AbortController();
  let putCount = 0;
  const put = async (): Promise<void> => {
    if (run.isStopped) return;
    putCount++;
    await source.put(ITEM);
  };
  const putting: Promise<void>[] = [];
  const consuming = new Queue(consumer, job.path, options).consume(
    () => {
      run.add();
      if (!run.isStopped) putting.push(put());
      else if (run.count === putCount) ending.abort();
    },
    { prefetch: PREFETCH, signal: ending.signal },
  );
  for (let i = 0; i < ITEMS_AHEAD; i++) putting.push(put());
  await consuming;
  await Promise.all(putting);
}
