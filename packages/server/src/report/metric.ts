/**
 * What one metric is. `metrics.ts` has the table of all of them; `mntr`, /commands/monitor, Prometheus and the reference
 * page read the same table, so that a name cannot mean two things.
 */
import type { AdminView } from '../admin/admin-view.ts';
import type { PercentileSummary, Summary } from './summary.ts';

interface Named {
  /** Apache's name, without the `zk_` of mntr. */
  readonly name: string;
  /** What it counts, one sentence. Prometheus shows it. */
  readonly help: string;
  /** The first release of Apache ZooKeeper that has it, when that is later than 3.8. */
  readonly since?: '3.9' | '3.10';
}

/**
 * A metric of a mechanism that this server does not have: it always reads 0, so that dashboards and alerts which ask
 * for it keep working. `absent` says why.
 */
interface Absent {
  readonly absent: string;
}

/** A value that goes up and down. */
export interface GaugeMetric extends Named {
  readonly kind: 'gauge';
  /** Whether mntr prints it with a fraction. */
  readonly isFraction?: true;
  /** Undefined: not of this server, and not printed. */
  read(view: AdminView): number | undefined;
}

/** A count that only grows, until `srst`. */
export interface CounterMetric extends Named, Partial<Absent> {
  readonly kind: 'counter';
  read(view: AdminView): number;
}

/** Many values: basic has average, minimum, maximum, count and sum; advanced has percentiles, too. */
export interface SummaryMetric extends Named, Partial<Absent> {
  readonly kind: 'summary';
  readonly detail: 'basic' | 'advanced';
  read(view: AdminView): PercentileSummary;
}

/** One gauge or counter for each key; the key is the label `key` in Prometheus and the prefix of the name in mntr. */
export interface ValueSetMetric extends Named {
  readonly kind: 'gauge-set' | 'counter-set';
  read(view: AdminView): Iterable<readonly [key: string, value: number]>;
}

/** One basic summary for each key. */
export interface SummarySetMetric extends Named {
  readonly kind: 'summary-set';
  read(view: AdminView): Iterable<readonly [key: string, summary: Summary]>;
}

/** Any metric. */
export type Metric =
  | GaugeMetric
  | CounterMetric
  | SummaryMetric
  | ValueSetMetric
  | SummarySetMetric;
