import { expect, test } from 'vitest';
import { startFixedServer } from 'zooid/load';
import { parseOptions } from '../../src/options.ts';
import { Results } from '../../src/suite/results.ts';
import { runOnAddress } from '../../src/suite/run-suite.ts';

test('a quick run measures every row of its plan', async () => {
  const server = await startFixedServer({ valueBytes: 100 });
  try {
    const { plan } = parseOptions(['--quick', '--seconds', '0.02']);
    const small = {
      ...plan,
      loads: plan.loads.filter(({ shape }) => shape.connections <= 100),
      load: { ...plan.load, warmUpMs: 1 },
      serverWarmUpMs: 0,
      watchers: 0, // the stub knows no watches
    };
    const results = new Results();
    await runOnAddress(
      { host: '127.0.0.1', port: server.port },
      small,
      (head, sample) => results.add(head, 'zooid', sample),
      'leave',
    );
    const measured = results.rows().map(({ id }) => id);
    expect(measured).toEqual(expect.arrayContaining(small.loads.map(({ id }) => id)));
    expect(measured).toContain('set 1x1 100B p50');
  } finally {
    await server.close();
  }
});
