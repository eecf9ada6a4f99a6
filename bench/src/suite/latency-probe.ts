import { Worker } from 'node:worker_threads';
import type { LatencySummary, ServerAddress } from 'zooid/load';

/** What the thread is told to do. */
export interface ProbeTask {
  readonly address: ServerAddress;
  readonly path: string;
}

/** A client in a thread of its own that asks for one znode at a time. */
export interface LatencyProbe {
  /** Ends the probe and tells what it saw. */
  stop(): Promise<LatencySummary>;
  /** Ends it at once; nothing happens when it has ended. */
  abort(): void;
}

/** Starts a probe of the znode `path`; resolves when it runs. */
export async function startLatencyProbe(
  address: ServerAddress,
  path: string,
): Promise<LatencyProbe> {
  const task: ProbeTask = { address, path };
  const worker = new Worker(new URL('./latency-probe-thread.js', import.meta.url), {
    workerData: task,
  });
  await messageOf(worker);
  return {
    stop: async () => {
      const answer = messageOf(worker);
      worker.postMessage('stop');
      return (await answer) as LatencySummary;
    },
    abort: () => void worker.terminate(),
  };
}

function messageOf(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', resolve);
  });
}
