import { startTestServer } from '@zooid/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Layout, prepareZnodes, SetupClient } from 'zooid/load';
import { CallMeter } from '../../src/client/call-meter.ts';
import { runClientJob } from '../../src/client/client-job.ts';
import { clientNames } from '../../src/client/client-row.ts';

let server: Awaited<ReturnType<typeof startTestServer>>;
beforeAll(async () => {
  server = await startTestServer({ proxy: false });
  const setup = await SetupClient.open({ host: '127.0.0.1', port: server.port });
  await prepareZnodes(setup, new Layout('/b', 100));
  await setup.close();
});
afterAll(() => server.close());

const operations = ['get', 'set'] as const;
const cases = clientNames.flatMap((client) =>
  operations.map((operation) => ({ client, operation })),
);

test.each(cases)('$client: answers to $operation are counted and timed', async (one) => {
  const result = await runClientJob({
    client: one.client,
    row: { operation: one.operation, loops: 4, isTimed: true },
    connectString: server.connectString,
    root: '/b',
    valueBytes: 100,
    warmUpMs: 50,
    measureMs: 50,
  });
  expect(result.perSecond).toBeGreaterThan(0);
  expect(result.latency?.p50Us).toBeGreaterThan(0);
  // The session is over, and its process could end.
  expect(server.sessions()).toEqual([]);
});

test.each(clientNames)('%s: a refused call fails the job', async (client) => {
  const job = runClientJob({
    client,
    row: { operation: 'get', loops: 4, isTimed: false },
    connectString: server.connectString,
    root: '/none',
    valueBytes: 100,
    warmUpMs: 10_000,
    measureMs: 10_000,
  });
  await expect(job).rejects.toThrow(/NO_NODE|does not exist/);
});

test('an answer that tells of other data is no work done', () => {
  const meter = new CallMeter(100, 'untimed');
  expect(() => meter.end(meter.begin(), 99)).toThrow('99 bytes');
});
