import { parentPort, workerData } from 'node:worker_threads';
import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { type LoadJob, loadOfJob } from './load-job.ts';
import type { ThreadMessage } from './run-job.ts';
import { runLoad } from './run-load.ts';

/** One thread of a load: opens its connections, says so, waits for "go", drives, reports. */
const job = workerData as LoadJob;
const port = parentPort!;
const say = (message: ThreadMessage): void => port.postMessage(message);

try {
  const result = await runLoad(loadOfJob(job), () => {
    say({ kind: 'open' });
    return new Promise((resolve) => port.once('message', () => resolve()));
  });
  const latencies = encodeIntoCompressedBase64(result.latencies);
  say({ kind: 'done', result: { ...result, latencies } });
} catch (error) {
  say({ kind: 'failed', message: (error as Error).message });
}
