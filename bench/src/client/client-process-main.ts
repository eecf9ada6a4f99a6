import { type ClientJob, runClientJob } from './client-job.ts';

// The process of one client: a job as its argument, the result on standard output, both JSON.
const job = JSON.parse(process.argv[2] ?? '') as ClientJob;
process.stdout.write(JSON.stringify(await runClientJob(job)));
