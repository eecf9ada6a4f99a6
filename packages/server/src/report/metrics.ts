/**
 * The table of every metric, and of those of Apache's that are left out, with the reason.
 *
 * `metric-walk.ts` prints it for mntr and /commands/monitor, `prometheus.ts` for Prometheus, `metrics-page.ts` as the
 * reference page.
 */
import type { Metric } from './metric.ts';
import { COUNTER_SETS, COUNTERS } from './metric-counters.ts';
import { GAUGE_SETS, GAUGES } from './metric-gauges.ts';
import { SUMMARIES, SUMMARY_SETS } from './metric-summaries.ts';

/** Every metric: gauges, counters, summaries, then the sets, as mntr orders them. */
export const METRICS: readonly Metric[] = [
  ...GAUGES,
  ...COUNTERS,
  ...SUMMARIES.filter(({ detail }) => detail === 'basic'),
  ...SUMMARIES.filter(({ detail }) => detail === 'advanced'),
  ...GAUGE_SETS,
  ...COUNTER_SETS,
  ...SUMMARY_SETS,
];

/** Metrics that Apache has and a standalone server of either kind does not print. */
export const LEFT_OUT: readonly { readonly names: readonly string[]; readonly why: string }[] = [
  {
    names: [
      'quorum_size',
      'learners',
      'synced_followers',
      'synced_non_voting_followers',
      'synced_observers',
      'pending_syncs',
      'leader_uptime',
      'last_proposal_size',
      'min_proposal_size',
      'max_proposal_size',
    ],
    why: 'a leader or a follower registers them; a standalone Apache server has none of them either',
  },
  {
    names: ['ack_latency', 'learner_handler_qp_size', 'learner_handler_qp_time_ms'],
    why: 'sets with one entry for each learner; a standalone server has no learners, so the sets are empty',
  },
  {
    names: ['ttl_node_created_count', 'ttl_node_deleted_count'],
    why: 'new in Apache ZooKeeper 3.10 and not counted yet',
  },
  {
    names: ['peer_state', 'observer_master_id'],
    why: 'lines of mntr that only members of an ensemble print',
  },
];
