// Jobs for several workers: each is done by one, and by another one if that dies before it is done.
import { connect } from '@zooid/client';
import { Queue } from '@zooid/recipes';

interface Job {
  readonly video: string;
}

const servers = process.env['ZK'] ?? 'localhost:2181';
await using zk = await connect(servers);
const jobs = new Queue<Job>(zk, '/jobs');
for (const video of ['cats', 'dogs', 'birds']) await jobs.put({ video });

// This worker takes a job and dies.
const mortal = await connect(servers);
const taken = await new Queue<Job>(mortal, '/jobs').take();
console.log('taken by a worker that dies:', taken.value.video);
await mortal.close();

// This one does them all. Who works for long hands `item.lost` on, to stop when somebody else may have the job.
const done = new AbortController();
let count = 0;
await jobs.consume(
  ({ video }, item) => {
    item.lost.throwIfAborted();
    console.log('done:', video);
    if (++count === 3) done.abort();
  },
  { signal: done.signal },
);
console.log('left:', await jobs.size());

// Prints:
// taken by a worker that dies: cats
// done: cats
// done: dogs
// done: birds
// left: 0
