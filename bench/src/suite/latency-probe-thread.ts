import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { newHistogram, SetupClient, summarize, UNITS_PER_MS, writeGetData } from 'zooid/load';
import type { ProbeTask } from './latency-probe.ts';

/** Pause between two requests: the probe shall see the server, not load it. */
const PAUSE_MS = 1;

const task = workerData as ProbeTask;
const port = parentPort!;
const client = await SetupClient.open(task.address);
const histogram = newHistogram();
let isStopped = false;
port.once('message', () => {
  isStopped = true;
});
port.postMessage('running');
while (!isStopped) {
  const begin = performance.now();
  await client.expect('getData', (writer, xid) => writeGetData(writer, xid, task.path, 'no-watch'));
  histogram.recordValue(Math.round((performance.now() - begin) * UNITS_PER_MS));
  await delay(PAUSE_MS);
}
port.postMessage(summarize(histogram));
await client.close();
port.close();
