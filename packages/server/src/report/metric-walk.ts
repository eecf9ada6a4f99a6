/** The table of metrics as names and values: the lines of `mntr` and the fields of /commands/monitor. */
import type { AdminView } from '../admin/admin-view.ts';
import { peerState } from '../admin/ensemble-text.ts';
import { javaDouble } from '../admin/java-text.ts';
import { Double, type Json } from '../admin/json-text.ts';
import { METRICS } from './metrics.ts';
import { PercentileSummary, type Summary } from './summary.ts';

/** One value; a `Double` prints with a fraction. */
export type MetricValue = number | Double | string;

/** Every value in Apache's order, `version` and `server_state` first. */
export function* metricValues(view: AdminView): Generator<readonly [name: string, MetricValue]> {
  yield ['version', view.version];
  yield ['server_state', view.state];
  yield* memberLines(view);
  for (const metric of METRICS) {
    switch (metric.kind) {
      case 'gauge': {
        const value = metric.read(view);
        if (value !== undefined) yield [metric.name, metric.isFraction ? new Double(value) : value];
        break;
      }
      case 'counter':
        yield [metric.name, metric.read(view)];
        break;
      case 'summary':
        yield* summaryValues(metric.name, metric.read(view), metric.detail);
        break;
      case 'gauge-set':
      case 'counter-set':
        for (const [key, value] of metric.read(view)) yield [`${key}_${metric.name}`, value];
        break;
      case 'summary-set':
        for (const [key, summary] of metric.read(view)) {
          yield* summaryValues(`${key}_${metric.name}`, summary, 'basic');
        }
        break;
    }
  }
}

/** What members print besides. Source: QuorumZooKeeperServer.dumpMonitorValues, ObserverZooKeeperServer. */
function* memberLines(view: AdminView): Generator<readonly [string, MetricValue]> {
  const { ensemble } = view;
  if (ensemble?.isInService !== true) return;
  yield ['peer_state', peerState(view, ensemble)];
  if (view.state === 'observer') yield ['observer_master_id', ensemble.leaderId ?? -1];
}

const PERCENTILES = [
  ['p50', 0.5],
  ['p95', 0.95],
  ['p99', 0.99],
  ['p999', 0.999],
] as const;

function* summaryValues(
  name: string,
  summary: Summary,
  detail: 'basic' | 'advanced',
): Generator<readonly [string, MetricValue]> {
  yield [`avg_${name}`, new Double(summary.average)];
  yield [`min_${name}`, summary.min];
  yield [`max_${name}`, summary.max];
  yield [`cnt_${name}`, summary.count];
  yield [`sum_${name}`, summary.sum];
  if (detail === 'basic' || !(summary instanceof PercentileSummary)) return;
  for (const [prefix, share] of PERCENTILES) yield [`${prefix}_${name}`, summary.percentile(share)];
}

/** The answer to `mntr`. */
export function mntrText(view: AdminView): string {
  let text = '';
  for (const [name, value] of metricValues(view)) {
    // A namespace is a znode's name, which may hold anything; a line must stay a line.
    const printed = value instanceof Double ? javaDouble(value.value) : String(value);
    text += `zk_${name.replace(/[\t\r\n]/g, '_')}\t${printed}\n`;
  }
  return text;
}

/** The fields of /commands/monitor. */
export function monitorFields(view: AdminView): Record<string, Json> {
  const fields: Record<string, Json> = {};
  for (const [name, value] of metricValues(view)) fields[name] = value;
  return fields;
}
