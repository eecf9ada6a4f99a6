import { Worker } from 'node:worker_threads';
import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js';
import { type LoadJob, loadOfJob } from './load-job.ts';
import { newHistogram } from './load-meter.ts';
import { type LoadResult, runLoad } from './run-load.ts';

/** Unique numbers of the threads of one load do not overlap: each may use so many. */
export const UNIQUE_PER_THREAD = 0x1000_0000;

/** What a thread tells its parent; in between, the parent says "go" with any message. */
export type ThreadMessage =
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'done'; readonly result: LoadResultMessage };

/** A {@link LoadResult} whose histogram can travel. */
export interface LoadResultMessage extends Omit<LoadResult, 'latencies'> {
  readonly latencies: string;
}

/** What each thread of a job came to, in the order of their shares. */
export type JobResult = readonly LoadResult[];

/** Runs a job in this thread, or its connections spread over `threads` threads which start together. */
export async function runJob(job: LoadJob, threads: number): Promise<JobResult> {
  const count = Math.min(threads, job.shape.connections);
  if (count <= 1) return [await runLoad(loadOfJob(job))];
  const shares = Array.from({ length: count }, (_, i) => shareOfJob(job, i, count));
  const workers = shares.map(
    (share) => new Worker(new URL('./load-thread.js', import.meta.url), { workerData: share }),
  );
  try {
    await Promise.all(workers.map((worker) => nextMessage(worker, 'open')));
    const results = workers.map((worker) => nextMessage(worker, 'done'));
    for (const worker of workers) worker.postMessage('go');
    return (await Promise.all(results)).map(({ result }) => ({
      ...result,
      latencies: decodeFromCompressedBase64(result.latencies, 32),
    }));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** All threads' latencies in one histogram. */
export function joinedLatencies(results: JobResult): Histogram {
  const all = newHistogram();
  for (const result of results) all.add(result.latencies);
  return all;
}

/** The part of a job that one of `count` threads drives: connections, requests and unique numbers of its own. */
export function shareOfJob(job: LoadJob, index: number, count: number): LoadJob {
  const { addresses } = job;
  // Where the connections of the shares before it ended, so that all together are spread evenly.
  const first = Math.floor((job.shape.connections * index) / count) % addresses.length;
  const part = (total: number): number =>
    Math.floor((total * (index + 1)) / count) - Math.floor((total * index) / count);
  return {
    ...job,
    addresses: [...addresses.slice(first), ...addresses.slice(0, first)],
    shape: { ...job.shape, connections: part(job.shape.connections) },
    extent:
      job.extent.kind === 'count'
        ? { kind: 'count', requests: part(job.extent.requests) }
        : job.extent,
    content:
      job.content.kind === 'workload'
        ? { ...job.content, uniqueStart: job.content.uniqueStart + index * UNIQUE_PER_THREAD }
        : job.content,
  };
}

function nextMessage<Kind extends ThreadMessage['kind']>(
  worker: Worker,
  kind: Kind,
): Promise<Extract<ThreadMessage, { kind: Kind }>> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (message: ThreadMessage) => {
      if (message.kind === kind) resolve(message as Extract<ThreadMessage, { kind: Kind }>);
      else reject(new Error(message.kind === 'failed' ? message.message : `got ${message.kind}`));
    });
  });
}
