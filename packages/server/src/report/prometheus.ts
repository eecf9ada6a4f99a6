/**
 * The table of metrics as Prometheus text, under the names that Apache's PrometheusMetricsProvider uses: no prefix, no
 * `_total`, sets with the label `key`, summaries with the quantile 0.5 (basic) or 0.5, 0.9 and 0.99 (advanced).
 *
 * prom-client keeps the values of the process itself (`process_*`, `nodejs_*`) and is told the values of the table when it
 * is asked for them: nothing is counted twice. Quantiles are those of a window, so that a slow minute of last week
 * does not show today; counts and sums are those since the start, as Prometheus wants them.
 */
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { AdminView } from '../admin/admin-view.ts';
import type { Metric, SummaryMetric } from './metric.ts';
import { METRICS } from './metrics.ts';
import { PercentileWindow } from './summary.ts';

/** What the exporter needs to know. */
export interface PrometheusOptions {
  /** `metricsProvider.prometheusMetricsSummaryRotateIntervalSeconds`: the window of the quantiles. */
  readonly summaryWindowMs: number;
  /** `metricsProvider.exportJvmInfo`: whether the numbers of the process are exported. */
  readonly isProcessInfoExported: boolean;
}

const BASIC_QUANTILES = [0.5];
const ADVANCED_QUANTILES = [0.5, 0.9, 0.99];

/** Writes the metrics of one server. */
export class PrometheusExporter {
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8';
  readonly #view: AdminView;
  #registry: Registry | undefined;
  readonly #windows = new Map<SummaryMetric, PercentileWindow>();
  readonly #windowMs: number;
  readonly #isProcessInfoExported: boolean;

  constructor(options: PrometheusOptions, view: AdminView) {
    this.#view = view;
    this.#windowMs = options.summaryWindowMs;
    this.#isProcessInfoExported = options.isProcessInfoExported;
    for (const metric of METRICS) {
      if (metric.kind !== 'summary' || metric.absent !== undefined) continue;
      this.#windows.set(metric, new PercentileWindow(metric.read(view)));
    }
  }

  /** Every metric of this moment as text. */
  async text(): Promise<string> {
    let text = '';
    for (const metric of METRICS) text += this.#metricText(metric);
    if (!this.#isProcessInfoExported) return text;
    // Only now: watching the event loop costs a timer, which nobody should pay who is never asked.
    this.#registry ??= newProcessRegistry();
    return text + (await this.#registry.metrics());
  }

  #metricText(metric: Metric): string {
    const { name } = metric;
    const head = (type: string): string =>
      `# HELP ${name} ${escapeHelp(metric.help)}\n# TYPE ${name} ${type}\n`;
    switch (metric.kind) {
      case 'gauge':
      case 'counter': {
        const value = metric.read(this.#view);
        return value === undefined ? '' : `${head(metric.kind)}${name} ${value}\n`;
      }
      case 'gauge-set':
      case 'counter-set': {
        let text = head(metric.kind === 'gauge-set' ? 'gauge' : 'counter');
        for (const [key, value] of metric.read(this.#view)) {
          text += `${name}{key="${escapeLabel(key)}"} ${value}\n`;
        }
        return text;
      }
      case 'summary': {
        const summary = metric.read(this.#view);
        const quantiles = metric.detail === 'basic' ? BASIC_QUANTILES : ADVANCED_QUANTILES;
        const window = this.#windows.get(metric);
        window?.advance(this.#view.elapsedNowMs, this.#windowMs);
        let text = head('summary');
        for (const quantile of quantiles) {
          const value = window?.percentile(quantile);
          text += `${name}{quantile="${quantile}"} ${value ?? 'NaN'}\n`;
        }
        return `${text}${name}_count ${summary.count}\n${name}_sum ${summary.sum}\n`;
      }
      case 'summary-set': {
        let text = head('summary');
        for (const [key, summary] of metric.read(this.#view)) {
          const label = `{key="${escapeLabel(key)}"}`;
          text += `${name}_count${label} ${summary.count}\n${name}_sum${label} ${summary.sum}\n`;
        }
        return text;
      }
    }
  }
}

function newProcessRegistry(): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register });
  return register;
}

// Source of both: the text exposition format 0.0.4.
function escapeHelp(help: string): string {
  return help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
}

function escapeLabel(value: string): string {
  return escapeHelp(value).replace(/"/g, '\\"');
}
