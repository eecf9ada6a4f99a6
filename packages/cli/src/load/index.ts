// The load generator behind `zooid bench`, which the benchmark of this repository drives, too. Requests are built once and lie on a tape;
// a connection sends ranges of it, patching transaction ids and names in place, and checks of each reply the id, the error and the length. So one
// core asks for some hundred thousand requests a second, and a refused request is never counted as work.
//
// Exported for that benchmark: what is here may change with any version.

export { type FixedServer, startFixedServer } from './fixed-server.ts';
export {
  type LatencySummary,
  type LoadExtent,
  newHistogram,
  summarize,
  UNITS_PER_MS,
} from './load-meter.ts';
export { deleteTree, ensureZnode, prepareZnodes } from './prepare.ts';
export { type Busyness, isDisturbed, OTHERS_MAX, ProcessorClock } from './processor-clock.ts';
export { type JobResult, joinedLatencies, runJob, UNIQUE_PER_THREAD } from './run-job.ts';
export { type Load, type LoadResult, type LoadShape, runLoad } from './run-load.ts';
export { SHARD_COUNT } from './tape.ts';
export { openSessions } from './wire/open-sessions.ts';
export {
  writeDelete,
  writeExists,
  writeGetData,
  writeSetData,
  writeSync,
} from './wire/request-frames.ts';
export { UnexpectedReplyError } from './wire/server-error.ts';
export type { ServerAddress } from './wire/session-socket.ts';
export { type Reply, SetupClient } from './wire/setup-client.ts';
export {
  deleteCreatedTape,
  KEY_COUNT,
  Layout,
  type WorkloadName,
  workloadNames,
  workloadTape,
} from './workload.ts';
