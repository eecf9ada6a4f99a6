import { OpCode } from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import { metricValues } from '../../src/report/metric-walk.ts';
import { METRICS } from '../../src/report/metrics.ts';
import { metricsPage } from '../../src/report/metrics-page.ts';
import { ServerStats } from '../../src/report/server-stats.ts';
import { PercentileSummary, Summary } from '../../src/report/summary.ts';
import { FakeAdminView } from '../admin/fake-admin-view.ts';

/** Everything that a server prints, as one text to compare. */
const printed = (view: FakeAdminView): string => JSON.stringify([...metricValues(view)]);

describe('the table of metrics', () => {
  it('has each name once', () => {
    const names = METRICS.map(({ name }) => name);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it('is the reference page', async () => {
    await expect(metricsPage()).toMatchFileSnapshot('../../../../docs/reference/metrics.md');
  });

  it('reads every counter and every summary of the server', () => {
    // `slowFsyncs` is told by /commands/server_stats only, as in Apache's server.
    const unread: string[] = [];
    for (const name of Object.keys(new ServerStats())) {
      const view = new FakeAdminView();
      const before = printed(view);
      const stats = view.stats as unknown as Record<string, unknown>;
      const field = stats[name];
      if (typeof field === 'number') stats[name] = 41;
      else if (field instanceof Summary) field.add(41);
      else if (field instanceof Map) field.set('x', 41);
      else if ('entries' in (field as object))
        view.stats.readTraffic.add(Buffer.from('/x'), 0, 2, 41);
      else view.stats.responseSizes.add(41);
      if (printed(view) === before) unread.push(name);
    }
    expect(unread).toEqual(['slowFsyncs']);
  });

  it('counts requests by what they ask', () => {
    const view = new FakeAdminView();
    for (const op of Object.values(OpCode)) view.stats.countOp(op);
    view.stats.countOp(-1000);
    view.stats.countOp(1_000_000);
    const values = new Map(metricValues(view));
    expect(values.get('op_count_create')).toBe(4);
    expect(values.get('op_count_close_session')).toBe(1);
    expect(values.get('op_count_total')).toBe(Object.values(OpCode).length);
  });

  it('adds quotas up by top-level znode, a hard limit before a soft one', () => {
    const view = new FakeAdminView();
    const none = { countHardLimit: -1, bytesLimit: -1, bytesHardLimit: -1, bytes: 0 };
    view.quotaList = [
      { ...none, path: '/a/b', countLimit: 10, count: 1 },
      { ...none, path: '/a/c', countLimit: 10, countHardLimit: 5, count: 2 },
      { ...none, path: '/d', countLimit: 7, count: 3 },
    ];
    const values = new Map(metricValues(view));
    expect(values.get('a_quota_count_limit_per_namespace')).toBe(15);
    expect(values.get('a_quota_count_usage_per_namespace')).toBe(3);
    expect(values.get('d_quota_count_limit_per_namespace')).toBe(7);
  });
});

describe('ServerStats', () => {
  it('is as new after a reset, whatever was counted', () => {
    const stats = new ServerStats();
    const fields = stats as unknown as Record<string, unknown>;
    for (const [name, field] of Object.entries(fields)) {
      if (typeof field === 'number') fields[name] = 41;
      if (field instanceof Summary) field.add(41);
    }
    stats.readTraffic.add(Buffer.from('/a'), 0, 2, 1);
    stats.recordResponse(12);
    stats.countOp(OpCode.getData);
    stats.countQuotaExceeded('a');
    stats.reset();
    expect(stats).toEqual(new ServerStats());
    expect(stats.opCountTotal).toBe(0);
    expect([...stats.readTraffic.entries()]).toEqual([]);
    expect(stats.updateLatency.percentile(1)).toBe(0);
  });

  it('tells reads from updates, and both in the latency of requests', () => {
    const stats = new ServerStats();
    stats.recordRead(1);
    stats.recordUpdate(3);
    expect(stats.readLatency.sum).toBe(1);
    expect(stats.updateLatency.sum).toBe(3);
    expect(stats.requestLatency).toMatchObject({ count: 2, min: 1, max: 3, average: 2 });
    expect(stats.readLatency).toBeInstanceOf(PercentileSummary);
  });

  it('keeps at most 512 namespaces of refused writes', () => {
    const stats = new ServerStats();
    for (let i = 0; i < 1000; i += 1) stats.countQuotaExceeded(`n${i}`);
    stats.countQuotaExceeded('n0');
    expect(stats.quotaExceededByNamespace.size).toBe(512);
    expect(stats.quotaExceededByNamespace.get('n0')).toBe(2);
  });
});
