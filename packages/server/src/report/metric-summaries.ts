/** The summaries. Source of the names and of basic or advanced: ServerMetrics. All times are milliseconds. */
import type { SummaryMetric, SummarySetMetric } from './metric.ts';
import type { ServerStats } from './server-stats.ts';
import { PercentileSummary } from './summary.ts';

const COMMIT_PROCESSOR = 'one thread does everything, so no request is handed from one to another';
const ONE_TURN =
  'a request is prepared and answered in the turn that reads it, in less time than a millisecond clock shows';

/** What an absent summary reads: nobody adds to it. */
const EMPTY = new PercentileSummary();

/** One summary each. */
export const SUMMARIES: readonly SummaryMetric[] = [
  advanced('readlatency', 'From the arrival of a read to its answer.', (s) => s.readLatency),
  advanced('updatelatency', 'From the arrival of a write to its answer.', (s) => s.updateLatency),
  {
    kind: 'summary',
    detail: 'advanced',
    name: 'propagation_latency',
    help: 'From the time in the header of a transaction until it is applied here; alone, the same as updatelatency.',
    read: ({ stats, ensemble }) =>
      ensemble === undefined ? stats.updateLatency : stats.propagationLatency,
  },
  advanced(
    'sync_processor_queue_flush_time_ms',
    'One write of the log until it is durable.',
    (s) => s.fsyncTimeMs,
  ),
  basic(
    'sync_processor_queue_size',
    'Transactions that had gathered when a write of the log began.',
    (s) => s.logBatchTxns,
  ),
  basic(
    'sync_processor_batch_size',
    'Transactions in one write of the log.',
    (s) => s.logBatchTxns,
  ),
  basic(
    'fsynctime',
    'One write of the log until it is durable: it is written and synced in one call.',
    (s) => s.fsyncTimeMs,
  ),
  basic('snapshottime', 'One snapshot.', (s) => s.snapshotTimeMs),
  { ...basic('restore_time', 'One restore command.', (s) => s.restoreTimeMs), since: '3.9' },
  basic('dbinittime', 'Reading snapshot and log at the start.', (s) => s.databaseInitTimeMs),
  basic(
    'startup_txns_loaded',
    'Transactions read from the log at the start.',
    (s) => s.startupTxnsLoaded,
  ),
  basic('startup_txns_load_time', 'Reading the log at the start.', (s) => s.startupTxnsLoadTimeMs),
  basic(
    'startup_snap_load_time',
    'Reading the snapshot at the start.',
    (s) => s.startupSnapshotLoadTimeMs,
  ),
  basic(
    'node_created_watch_count',
    'Watches fired by one created znode.',
    (s) => s.nodeCreatedWatches,
  ),
  basic(
    'node_deleted_watch_count',
    'Watches fired by one deleted znode.',
    (s) => s.nodeDeletedWatches,
  ),
  basic(
    'node_changed_watch_count',
    'Watches fired by one change of data.',
    (s) => s.nodeChangedWatches,
  ),
  basic(
    'node_children_watch_count',
    'Watches fired by one change of children.',
    (s) => s.nodeChildrenWatches,
  ),
  basic(
    'connection_token_deficit',
    'Tokens that the connection throttle was short of.',
    (s) => s.connectionTokenDeficit,
  ),
  advanced(
    'request_throttle_queue_time_ms',
    'Waiting in the request throttle.',
    (s) => s.requestThrottleQueueTimeMs,
  ),
  advanced(
    'jvm_pause_time_ms',
    'How late the event loop ran a tick; what a pause of the Java machine is to Apache.',
    (s) => s.loopPauseTimeMs,
  ),

  ...absentAll('advanced', ONE_TURN, {
    prep_processor_queue_time_ms: 'From the arrival of a write until it is prepared.',
    close_session_prep_time: 'Preparing the end of one session.',
    write_final_proc_time_ms: 'Applying one transaction and writing its answer.',
    read_final_proc_time_ms: 'Answering one read.',
  }),
  ...absentAll('basic', ONE_TURN, {
    prep_processor_queue_size: 'Writes that waited to be prepared.',
    prep_process_time: 'Preparing one write.',
  }),
  ...absentAll('advanced', 'the log does not note when a transaction came to it', {
    sync_processor_queue_time_ms:
      'From the append of a group of transactions to the start of the write that carries it.',
    sync_processor_queue_and_flush_time_ms:
      'From the append of a group of transactions until it is durable.',
  }),
  absent(
    'basic',
    'socket_closing_time',
    'Closing one socket.',
    'the system closes sockets in the background',
  ),
  absent(
    'basic',
    'sync_process_time',
    'Time in the log between two groups.',
    'the log writes whenever there is something to write',
  ),
  absent(
    'basic',
    'netty_queued_buffer_capacity',
    'Bytes that Netty held back.',
    'there is no Netty',
  ),
  absent(
    'advanced',
    'dead_watchers_cleaner_latency',
    'One run of the cleaner of watches.',
    'watches of a closed connection are removed at once',
  ),
  basic('follower_sync_time', 'A follower catching up.', (s) => s.serviceTimes.followerSyncMs),
  basic('observer_sync_time', 'An observer catching up.', (s) => s.serviceTimes.observerSyncMs),
  basic('election_time', 'One election.', (s) => s.serviceTimes.electionMs),
  basic(
    'unavailable_time',
    'From the start of an election until this server serves.',
    (s) => s.serviceTimes.unavailableMs,
  ),
  basic(
    'leader_unavailable_time',
    'The same, when it leads then.',
    (s) => s.serviceTimes.leaderUnavailableMs,
  ),
  basic(
    'inflight_snap_count',
    'Snapshots on their way to learners, when one began or ended.',
    (s) => s.syncsInFlight.snapshots,
  ),
  basic(
    'inflight_diff_count',
    'Differences on their way to learners, when one began or ended.',
    (s) => s.syncsInFlight.differences,
  ),
  advanced(
    'proposal_latency',
    'From the time in the header of a transaction until a follower hears of it.',
    (s) => s.proposalLatency,
  ),
  advanced(
    'commit_propagation_latency',
    'From the time in the header of a transaction until a member commits and applies it; 0 on a server that is alone.',
    (s) => s.propagationLatency,
  ),
  advanced(
    'quorum_ack_latency',
    'From the time in the header of a proposal until a quorum has it.',
    (s) => s.quorumAckLatency,
  ),
  ...absentAll('basic', ONE_TURN, {
    learner_request_processor_queue_size: 'Requests of learners that wait.',
    proposal_process_time: 'Proposing one request.',
  }),
  absent(
    'advanced',
    'proposal_ack_creation_latency',
    'From a proposal to its acknowledgement.',
    'one acknowledgement stands for all that became durable together; see ack_latency',
  ),
  ...absentAll('advanced', 'followers do not pass anything on to observers', {
    om_proposal_process_time_ms: 'Passing a proposal to observers.',
    om_commit_process_time_ms: 'Passing a commit to observers.',
  }),
  ...absentAll('basic', COMMIT_PROCESSOR, {
    requests_in_session_queue: 'Requests of one session that wait for a write.',
    pending_session_queue_size: 'Sessions with waiting requests.',
    reads_after_write_in_session_queue: 'Reads that waited behind a write.',
    reads_issued_from_session_queue: 'Reads let go after a write.',
    session_queues_drained: 'Sessions without waiting requests after a write.',
    time_waiting_empty_pool_in_commit_processor_read_ms: 'Waiting for the workers.',
    write_batch_time_in_commit_processor: 'One group of writes.',
    concurrent_request_processing_in_commit_processor: 'Requests in the hands of workers.',
    read_commit_proc_req_queued: 'Reads queued.',
    write_commit_proc_req_queued: 'Writes queued.',
    commit_commit_proc_req_queued: 'Commits queued.',
    read_commit_proc_issued: 'Reads handed to workers.',
    write_commit_proc_issued: 'Writes handed to workers.',
    commit_process_time: 'One round.',
  }),
  ...absentAll('advanced', COMMIT_PROCESSOR, {
    read_commitproc_time_ms: 'A read in the commit processor.',
    write_commitproc_time_ms: 'A write in the commit processor.',
    local_write_committed_time_ms: 'A write from its request to its commit.',
    server_write_committed_time_ms: 'Any write from its arrival to its commit.',
  }),
];

/** One summary for each server, or of bytes for each top-level znode. */
export const SUMMARY_SETS: readonly SummarySetMetric[] = [
  {
    kind: 'summary-set',
    name: 'ack_latency',
    help: 'From a proposal of this leader until a server has it on disk, by server; of one proposal at a time.',
    read: ({ stats }) => stats.ackLatency.entries(),
  },
  {
    kind: 'summary-set',
    name: 'read_per_namespace',
    help: 'Bytes of the answer to one read.',
    read: ({ stats }) => stats.readTraffic.entries(),
  },
  {
    kind: 'summary-set',
    name: 'write_per_namespace',
    help: 'Bytes of one write.',
    read: ({ stats }) => stats.writeTraffic.entries(),
  },
];

type Pick = (stats: ServerStats) => PercentileSummary;

function basic(name: string, help: string, pick: Pick): SummaryMetric {
  return { kind: 'summary', detail: 'basic', name, help, read: ({ stats }) => pick(stats) };
}

function advanced(name: string, help: string, pick: Pick): SummaryMetric {
  return { kind: 'summary', detail: 'advanced', name, help, read: ({ stats }) => pick(stats) };
}

function absent(
  detail: 'basic' | 'advanced',
  name: string,
  help: string,
  why: string,
): SummaryMetric {
  return { kind: 'summary', detail, name, help, absent: why, read: () => EMPTY };
}

function absentAll(
  detail: 'basic' | 'advanced',
  why: string,
  helps: Readonly<Record<string, string>>,
): readonly SummaryMetric[] {
  return Object.entries(helps).map(([name, help]) => absent(detail, name, help, why));
}
