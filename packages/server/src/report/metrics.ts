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

/** Metrics that Apache has and that are not printed here. */
export const LEFT_OUT: readonly { readonly names: readonly string[]; readonly why: string }[] = [
  {
    names: ['learner_handler_qp_size', 'learner_handler_qp_time_ms'],
    why: 'packets to a learner do not wait in a queue of the leader: they are written when the turn ends',
  },
  {
    names: ['ttl_node_created_count', 'ttl_node_deleted_count'],
    why: 'new in Apache ZooKeeper 3.10 and not counted yet',
  },
];
