/** The counters. Source of the names: ServerMetrics. */
import { OpCode } from '@zooid/protocol';
import type { CounterMetric, ValueSetMetric } from './metric.ts';

const DISLOYAL = 'a leader steps down because a quorum is silent, whatever it follows';
const GONE_SESSION = 'requests of a session that has gone are refused by the leader';
const NO_CACHE = 'answers are encoded anew each time, there is no cache';
const DEAD_WATCHERS = 'watches of a closed connection are removed at once, not by a cleaner';
const NOT_COUNTED = 'not counted, it would cost every write';
const COMMIT_PROCESSOR = 'one thread does everything, so no request is handed from one to another';

/** One value each. */
export const COUNTERS: readonly CounterMetric[] = [
  counter(
    'bytes_received_count',
    'Bytes of frames that clients sent.',
    (v) => v.stats.bytesReceived,
  ),
  counter('response_bytes', 'Bytes of answers to clients.', (v) => v.stats.responseBytes),
  counter('watch_bytes', 'Bytes of watch events to clients.', (v) => v.stats.watchBytes),
  counter(
    'connection_request_count',
    'Requests to open or to resume a session.',
    (v) => v.stats.connectionRequests,
  ),
  counter(
    'connection_rejected',
    'Connections that a limit refused.',
    (v) => v.stats.connectionsRejected,
  ),
  counter(
    'connection_drop_count',
    'Connections that were closed.',
    (v) => v.stats.connectionsDropped,
  ),
  counter(
    'connection_revalidate_count',
    'Connections that asked to resume a session.',
    (v) => v.stats.connectionsRevalidated,
  ),
  counter(
    'sessionless_connections_expired',
    'Connections closed because they opened no session in time.',
    (v) => v.stats.sessionlessConnectionsExpired,
  ),
  counter('stale_sessions_expired', 'Sessions that expired.', (v) => v.stats.staleSessionsExpired),
  counter(
    'cnxn_closed_without_zk_server_running',
    'Connections closed because the server was not serving.',
    (v) => v.stats.closedWithoutServerRunning,
  ),
  counter(
    'unsuccessful_handshake',
    'TLS handshakes that failed.',
    (v) => v.stats.unsuccessfulHandshakes,
  ),
  counter(
    'tls_handshake_exceeded',
    'Connections refused because too many TLS handshakes were under way.',
    (v) => v.stats.tlsHandshakesExceeded,
  ),
  absent(
    'insecure_admin_count',
    'Plain requests to an admin port that also takes TLS.',
    'the admin port takes plain HTTP only',
  ),
  counter(
    'request_throttle_wait_count',
    'Requests that the request throttle made wait.',
    (v) => v.stats.requestThrottleWaits,
  ),
  counter(
    'throttled_ops',
    'Requests refused because they had waited too long.',
    (v) => v.stats.throttledOps,
  ),
  counter(
    'stale_requests',
    'Requests whose client had gone or whose time was over when their turn came.',
    (v) => v.stats.staleRequests,
  ),
  counter(
    'stale_requests_dropped',
    'Stale requests that were not carried out.',
    (v) => v.stats.staleRequestsDropped,
  ),
  counter(
    'stale_replies',
    'Answers that found their connection closed.',
    (v) => v.stats.staleReplies,
  ),
  counter(
    'large_requests_rejected',
    'Requests refused because the large requests in work had used up their bytes.',
    (v) => v.stats.largeRequestsRejected,
  ),
  counter(
    'prep_processor_request_queued',
    'Requests that were taken in; the same as op_count_total.',
    (v) => v.stats.opCountTotal,
  ),
  absent(
    'outstanding_changes_queued',
    'Changes of znodes noted before their transaction was applied.',
    NOT_COUNTED,
  ),
  absent('outstanding_changes_removed', 'Noted changes that were applied.', NOT_COUNTED),
  counter(
    'sync_processor_request_queued',
    'Transactions handed to the log.',
    (v) => v.stats.logBatchTxns.sum,
  ),
  counter(
    'digest_mismatches_count',
    'Transactions after which the digest of the tree was not the one that the log, or a snapshot, recorded.',
    (v) => v.stats.digestMismatches,
  ),
  counter(
    'unrecoverable_error_count',
    'Errors that the server could not go on from.',
    (v) => v.stats.unrecoverableErrors,
  ),
  counter(
    'snapshot_error_count',
    'Snapshot commands that failed.',
    (v) => v.stats.snapshotErrors,
    '3.9',
  ),
  counter(
    'snapshot_rate_limited_count',
    'Snapshot commands refused because one ran shortly before.',
    (v) => v.stats.snapshotsRateLimited,
    '3.9',
  ),
  counter(
    'restore_error_count',
    'Restore commands that failed.',
    (v) => v.stats.restoreErrors,
    '3.9',
  ),
  counter(
    'restore_rate_limited_count',
    'Restore commands refused because one ran shortly before.',
    (v) => v.stats.restoresRateLimited,
    '3.9',
  ),

  counter('proposal_count', 'Proposals made by this leader.', (v) => v.stats.proposals),
  counter('commit_count', 'Commits sent by this leader.', (v) => v.stats.commits),
  counter('diff_count', 'Learners brought up to date by transactions.', (v) => v.stats.diffSyncs),
  counter('snap_count', 'Learners brought up to date by a snapshot.', (v) => v.stats.snapshotSyncs),
  counter('looking_count', 'Elections this server took part in.', (v) => v.stats.elections),
  counter(
    'learner_proposal_received_count',
    'Proposals received from the leader.',
    (v) => v.stats.proposalsReceived,
  ),
  counter(
    'learner_commit_received_count',
    'Commits received from the leader.',
    (v) => v.stats.commitsReceived,
  ),
  counter(
    'revalidate_count',
    'Sessions that a learner asked the leader about.',
    (v) => v.stats.revalidations,
  ),
  absent(
    'quit_leading_due_to_disloyal_voter',
    'Times a leader stepped down because its voters followed another.',
    DISLOYAL,
  ),
  counter(
    'ensemble_auth_success',
    'Ensemble names that matched.',
    (v) => v.stats.ensembleNamesMatched,
  ),
  counter(
    'ensemble_auth_fail',
    'Ensemble names that did not match.',
    (v) => v.stats.ensembleNamesOfOthers,
  ),
  counter(
    'ensemble_auth_skip',
    'Clients that used the scheme ensemble without a name, or where every name is taken.',
    (v) => v.stats.ensembleNamesSkipped,
  ),
  absent(
    'skip_learner_request_to_next_processor_count',
    'Learner requests dropped because their session had gone.',
    GONE_SESSION,
  ),
  absent('response_packet_cache_hits', 'Answers of getData taken from the cache.', NO_CACHE),
  absent('response_packet_cache_misses', 'Answers of getData not found in the cache.', NO_CACHE),
  absent(
    'response_packet_get_children_cache_hits',
    'Answers of getChildren2 taken from the cache.',
    NO_CACHE,
  ),
  absent(
    'response_packet_get_children_cache_misses',
    'Answers of getChildren2 not found in the cache.',
    NO_CACHE,
  ),
  absent('dead_watchers_queued', 'Watchers waiting for the cleaner.', DEAD_WATCHERS),
  absent('dead_watchers_cleared', 'Watchers that the cleaner removed.', DEAD_WATCHERS),
  absent('add_dead_watcher_stall_time', 'Time spent waiting for the cleaner, ms.', DEAD_WATCHERS),
  absent('request_commit_queued', 'Commits handed to the commit processor.', COMMIT_PROCESSOR),
  absent(
    'requests_not_forwarded_to_commit_processor',
    'Requests answered before the commit processor.',
    COMMIT_PROCESSOR,
  ),

  counter('op_count_total', 'Requests of every kind.', (v) => v.stats.opCountTotal, '3.10'),
  ops('add_watch', OpCode.addWatch),
  ops('check', OpCode.check),
  ops('check_watches', OpCode.checkWatches),
  ops('close_session', OpCode.closeSession),
  ops('create', OpCode.create, OpCode.create2, OpCode.createContainer, OpCode.createTTL),
  ops('create_session', OpCode.createSession),
  ops('delete', OpCode.delete, OpCode.deleteContainer),
  ops('exists', OpCode.exists),
  ops('get_acl', OpCode.getACL),
  ops('get_all_children_number', OpCode.getAllChildrenNumber),
  ops('get_children', OpCode.getChildren, OpCode.getChildren2),
  ops('get_data', OpCode.getData),
  ops('get_ephemerals', OpCode.getEphemerals),
  ops('multi', OpCode.multi),
  ops('multi_read', OpCode.multiRead),
  ops('ping', OpCode.ping),
  ops('reconfig', OpCode.reconfig),
  ops('remove_watches', OpCode.removeWatches),
  ops('set_acl', OpCode.setACL),
  ops('set_data', OpCode.setData),
  ops('set_watches', OpCode.setWatches, OpCode.setWatches2),
  ops('sync', OpCode.sync),
  ops('who_am_i', OpCode.whoAmI),
];

/** One value for each top-level znode. */
export const COUNTER_SETS: readonly ValueSetMetric[] = [
  {
    kind: 'counter-set',
    name: 'quota_exceeded_error_per_namespace',
    help: 'Writes that a quota refused.',
    since: '3.9',
    read: (v) => v.stats.quotaExceededByNamespace,
  },
];

function counter(
  name: string,
  help: string,
  read: CounterMetric['read'],
  since?: '3.9' | '3.10',
): CounterMetric {
  return since === undefined
    ? { kind: 'counter', name, help, read }
    : { kind: 'counter', name, help, read, since };
}

function absent(name: string, help: string, why: string): CounterMetric {
  return { kind: 'counter', name, help, absent: why, read: () => 0 };
}

function ops(name: string, ...codes: readonly OpCode[]): CounterMetric {
  const words = name.replaceAll('_', ' ');
  return counter(
    `op_count_${name}`,
    `Requests: ${words}.`,
    ({ stats }) => codes.reduce<number>((sum, code) => sum + stats.opCount(code), 0),
    '3.10',
  );
}
