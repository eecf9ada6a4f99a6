/** The gauges, in the order of the reference page. Source of the names: ZooKeeperServer.registerMetrics. */
import type { QuotaView } from '../admin/admin-view.ts';
import type { LeadingView } from '../admin/ensemble-view.ts';
import type { GaugeMetric, ValueSetMetric } from './metric.ts';
import { openFileCount, openFileCountMax } from './process-facts.ts';

/** One value each. */
export const GAUGES: readonly GaugeMetric[] = [
  gauge(
    'avg_latency',
    'Mean time from request to answer since srst, ms.',
    (v) => v.stats.requestLatency.average,
    'fraction',
  ),
  gauge(
    'min_latency',
    'Shortest time from request to answer since srst, ms.',
    (v) => v.stats.requestLatency.min,
  ),
  gauge(
    'max_latency',
    'Longest time from request to answer since srst, ms.',
    (v) => v.stats.requestLatency.max,
  ),
  gauge('packets_received', 'Frames that clients sent.', (v) => v.stats.packetsReceived),
  gauge(
    'packets_sent',
    'Frames sent to clients: answers and watch events.',
    (v) => v.stats.packetsSent,
  ),
  gauge('num_alive_connections', 'Open client connections.', (v) => v.connectionCount),
  gauge(
    'outstanding_requests',
    'Requests that were read and are not answered yet.',
    (v) => v.outstandingRequests,
  ),
  gauge('uptime', 'Time since the server started, ms.', (v) => Math.floor(v.uptimeMs)),
  gauge('znode_count', 'Znodes in the tree.', (v) => v.nodeCount),
  gauge('watch_count', 'Watches that are set.', (v) => v.watchCount),
  gauge('ephemerals_count', 'Ephemeral znodes.', (v) => v.ephemeralCount),
  gauge(
    'approximate_data_size',
    'Bytes of paths and data of all znodes.',
    (v) => v.approximateDataBytes,
  ),
  gauge('global_sessions', 'Sessions that are open.', (v) => v.sessionCount),
  gauge('local_sessions', 'Sessions that only this server knows.', (v) => v.localSessionCount),
  gauge(
    'open_file_descriptor_count',
    'File descriptors that the process has open; -1 where the system does not tell.',
    () => openFileCount(),
  ),
  gauge(
    'max_file_descriptor_count',
    'File descriptors that the process may open; -1 where the system does not tell.',
    () => openFileCountMax(),
  ),
  gauge(
    'connection_drop_probability',
    'Chance that the connection throttle refuses a new connection.',
    (v) => v.connectionDropProbability,
    'fraction',
  ),
  gauge(
    'last_client_response_size',
    'Size of the last answer, bytes; -1 before the first.',
    (v) => v.stats.responseSizes.last,
  ),
  gauge(
    'min_client_response_size',
    'Size of the smallest answer, bytes; -1 before the first.',
    (v) => v.stats.responseSizes.min,
  ),
  gauge(
    'max_client_response_size',
    'Size of the largest answer, bytes; -1 before the first.',
    (v) => v.stats.responseSizes.max,
  ),
  gauge(
    'outstanding_tls_handshake',
    'TLS handshakes that are not finished.',
    (v) => v.outstandingTlsHandshakes,
  ),
  gauge('auth_failed_count', 'Authentications that failed.', (v) => v.stats.authFailures),
  gauge(
    'non_mtls_remote_conn_count',
    'Connections from other machines without a client certificate that strict mutual TLS noticed; always 0.',
    () => 0,
  ),
  gauge(
    'non_mtls_local_conn_count',
    'Connections from this machine without a client certificate that strict mutual TLS noticed; always 0.',
    () => 0,
  ),

  gauge('quorum_size', 'Servers with a vote; of members of an ensemble.', ({ ensemble }) =>
    ensemble?.isInService === true ? ensemble.voterCount : undefined,
  ),
  leading('learners', 'Servers that follow or observe this leader.', (l) => l.learnerCount),
  leading(
    'synced_followers',
    'Followers that get what this leader proposes.',
    (l) => l.syncedFollowerCount,
  ),
  leading(
    'synced_non_voting_followers',
    'Those of them that have no vote.',
    (l) => l.syncedNonVotingFollowerCount,
  ),
  leading('synced_observers', 'Observers that are up to date.', (l) => l.syncedObserverCount),
  leading('pending_syncs', 'Syncs that wait for a proposal.', (l) => l.pendingSyncCount),
  leading('leader_uptime', 'Time since it began to lead, ms.', (l) => Math.floor(l.uptimeMs)),
  leading('last_proposal_size', 'Size of the last proposal.', (l) => l.proposalSizes.last),
  leading('min_proposal_size', 'Size of the smallest proposal.', (l) => l.proposalSizes.min),
  leading('max_proposal_size', 'Size of the largest proposal.', (l) => l.proposalSizes.max),
];

/** One value for each top-level znode that has a quota under it. Source: QuotaMetricsUtils. */
export const GAUGE_SETS: readonly ValueSetMetric[] = [
  quota(
    'quota_count_limit_per_namespace',
    'Znodes allowed by quotas, the hard limit before the soft one.',
    (q) => (q.countHardLimit > -1 ? q.countHardLimit : q.countLimit),
  ),
  quota(
    'quota_bytes_limit_per_namespace',
    'Bytes allowed by quotas, the hard limit before the soft one.',
    (q) => (q.bytesHardLimit > -1 ? q.bytesHardLimit : q.bytesLimit),
  ),
  quota('quota_count_usage_per_namespace', 'Znodes under quotas.', (q) => q.count),
  quota('quota_bytes_usage_per_namespace', 'Bytes under quotas.', (q) => q.bytes),
];

function gauge(
  name: string,
  help: string,
  read: GaugeMetric['read'],
  form: 'whole' | 'fraction' = 'whole',
): GaugeMetric {
  return form === 'whole'
    ? { kind: 'gauge', name, help, read }
    : { kind: 'gauge', name, help, read, isFraction: true };
}

/** A gauge that only a leader has. Source: LeaderZooKeeperServer.registerMetrics. */
function leading(name: string, help: string, pick: (leading: LeadingView) => number): GaugeMetric {
  return gauge(name, `${help} Of a leader.`, ({ ensemble }) => {
    const view = ensemble?.leading;
    return view === undefined ? undefined : pick(view);
  });
}

function quota(name: string, help: string, pick: (quota: QuotaView) => number): ValueSetMetric {
  return {
    kind: 'gauge-set',
    name,
    help,
    since: '3.9',
    read(view) {
      const sums = new Map<string, number>();
      for (const one of view.quotas()) {
        const namespace = one.path.split('/')[1];
        if (!namespace) continue;
        sums.set(namespace, (sums.get(namespace) ?? 0) + pick(one));
      }
      return sums;
    },
  };
}
