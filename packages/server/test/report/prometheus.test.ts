import { afterEach, describe, expect, it } from 'vitest';
import { MetricsHttpServer } from '../../src/admin/metrics-http.ts';
import { PrometheusExporter } from '../../src/report/prometheus.ts';
import { FakeAdminView } from '../admin/fake-admin-view.ts';

const exporterOf = (view: FakeAdminView, isProcessInfoExported = false): PrometheusExporter =>
  new PrometheusExporter({ summaryWindowMs: 60_000, isProcessInfoExported }, view);

describe('PrometheusExporter', () => {
  it('names gauges, counters, summaries and sets as Apache does', async () => {
    const view = new FakeAdminView();
    view.stats.connectionRequests = 5;
    view.stats.recordRead(3);
    view.stats.writeTraffic.add(Buffer.from('/a"b/c'), 0, 6, 100);
    const text = await exporterOf(view).text();
    expect(text).toContain('# TYPE znode_count gauge\nznode_count 10\n');
    expect(text).toContain('# TYPE connection_request_count counter\nconnection_request_count 5\n');
    expect(text).toContain('write_per_namespace_sum{key="a\\"b"} 100\n');
    expect(text).toContain(
      '# TYPE readlatency summary\nreadlatency{quantile="0.5"} 3\nreadlatency{quantile="0.9"} 3\n' +
        'readlatency{quantile="0.99"} 3\nreadlatency_count 1\nreadlatency_sum 3\n',
    );
    expect(text).toContain('fsynctime{quantile="0.5"} NaN\nfsynctime_count 0\n');
  });

  it('is well-formed: each line a comment or a sample, each name declared once', async () => {
    const view = new FakeAdminView();
    const lines = (await exporterOf(view, true).text()).trimEnd().split('\n');
    const sample =
      /^[a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? (Na[Nn]|[+-]?(\d+(\.\d+)?(e[+-]?\d+)?|Inf))$/;
    const odd = lines.filter(
      (line) => line !== '' && !/^# (HELP|TYPE) /.test(line) && !sample.test(line),
    );
    expect(odd).toEqual([]);
    const types = lines
      .filter((line) => line.startsWith('# TYPE '))
      .map((line) => line.split(' ')[2]);
    expect(types.filter((name, at) => types.indexOf(name) !== at)).toEqual([]);
  });

  it('exports the numbers of the process when told to', async () => {
    const view = new FakeAdminView();
    expect(await exporterOf(view, true).text()).toMatch(/^process_resident_memory_bytes \d+/m);
    expect(await exporterOf(view).text()).not.toContain('process_resident_memory_bytes');
  });

  it('shows quantiles of the last minutes, but counts since the start', async () => {
    const view = new FakeAdminView();
    const exporter = exporterOf(view);
    await exporter.text();
    view.stats.recordUpdate(40);
    view.elapsedNowMs += 60_000;
    await exporter.text();
    view.elapsedNowMs += 60_000;
    const text = await exporter.text();
    expect(text).toContain('updatelatency{quantile="0.5"} NaN\n');
    expect(text).toContain('updatelatency_count 1\nupdatelatency_sum 40\n');
  });
});

describe('MetricsHttpServer', () => {
  let server: MetricsHttpServer | undefined;
  afterEach(() => server?.close());

  it('serves /metrics and nothing else', async () => {
    server = new MetricsHttpServer({ host: '127.0.0.1', port: 0 }, exporterOf(new FakeAdminView()));
    const base = `http://127.0.0.1:${await server.listen()}`;
    const answer = await fetch(`${base}/metrics`);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await answer.text()).toContain('znode_count 10');
    expect((await fetch(`${base}/`)).status).toBe(404);
    expect((await fetch(`${base}/metrics`, { method: 'POST', body: 'x' })).status).toBe(405);
  });
});
