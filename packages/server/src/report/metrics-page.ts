/** The reference page of the metrics, made from their table, so that the two cannot differ. */
import type { Metric } from './metric.ts';
import { LEFT_OUT, METRICS } from './metrics.ts';

/** The text of docs/reference/metrics.md. */
export function metricsPage(): string {
  const present = METRICS.filter((metric) => absentOf(metric) === undefined);
  const constant = METRICS.filter((metric) => absentOf(metric) !== undefined);
  return [
    '# Metrics',
    '',
    'Every metric of the server. The names are those of Apache ZooKeeper, so that dashboards and alerts made for it work:',
    '',
    '- the four-letter word `mntr` prints each with `zk_` in front;',
    '- `GET /commands/monitor` on the admin port has the bare name;',
    '- `GET /metrics` has the bare name in the Prometheus text format, on the admin port and, when',
    '  `metricsProvider.className` is `org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider`, on',
    '  `metricsProvider.httpPort`. There the process adds its own `process_*` and `nodejs_*` values unless',
    '  `metricsProvider.exportJvmInfo` is `false`.',
    '',
    'A **summary** is five values: `avg_`, `min_`, `max_`, `cnt_` and `sum_` in front of the name. An **advanced** summary',
    'adds `p50_`, `p95_`, `p99_` and `p999_`, exact below 64 and at most 1/32 too high above. Prometheus gets `_count`, `_sum`',
    'and quantiles over the last one to two windows of `metricsProvider.prometheusMetricsSummaryRotateIntervalSeconds`.',
    'A **set** has one value for each top-level znode, or server: in `mntr` that and `_` stand in front of the name, in Prometheus it',
    'is the label `key`. Times are milliseconds, sizes bytes. `srst` sets counters and summaries back to nothing.',
    '',
    '`mntr` and `/commands/monitor` print two lines more: `version` and `server_state`; on a member of an ensemble also',
    '`peer_state`, and on an observer `observer_master_id`. Gauges of a leader are printed by no other server.',
    '',
    '| Name | Kind | What it tells |',
    '| --- | --- | --- |',
    ...present.map(
      (metric) => `| \`${metric.name}\` | ${kindOf(metric)} | ${metric.help}${sinceOf(metric)} |`,
    ),
    '',
    '## Always 0',
    '',
    'These exist so that whoever asks for them gets an answer. What they measure is not there, or not measured.',
    '',
    '| Name | Kind | What it would tell | Why it is 0 |',
    '| --- | --- | --- | --- |',
    ...constant.map(
      (metric) =>
        `| \`${metric.name}\` | ${kindOf(metric)} | ${metric.help} | ${absentOf(metric)} |`,
    ),
    '',
    '## Left out',
    '',
    '| Names | Why |',
    '| --- | --- |',
    ...LEFT_OUT.map(
      ({ names, why }) => `| ${names.map((name) => `\`${name}\``).join(', ')} | ${why} |`,
    ),
    '',
  ].join('\n');
}

function absentOf(metric: Metric): string | undefined {
  return 'absent' in metric ? metric.absent : undefined;
}

function sinceOf(metric: Metric): string {
  return metric.since === undefined ? '' : ` New in Apache ZooKeeper ${metric.since}.`;
}

function kindOf(metric: Metric): string {
  switch (metric.kind) {
    case 'gauge':
    case 'counter':
      return metric.kind;
    case 'summary':
      return metric.detail === 'advanced' ? 'advanced summary' : 'summary';
    case 'gauge-set':
      return 'set of gauges';
    case 'counter-set':
      return 'set of counters';
    case 'summary-set':
      return 'set of summaries';
  }
}
