import { afterEach, expect, test } from 'vitest';
import { type FixedServer, startFixedServer } from '../../src/load/fixed-server.ts';
import type { LoadJob } from '../../src/load/load-job.ts';
import { runJob, shareOfJob } from '../../src/load/run-job.ts';

const servers: FixedServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

function jobOf(addresses: LoadJob['addresses'], connections: number): LoadJob {
  return {
    addresses,
    content: { kind: 'workload', name: 'get', uniqueStart: 0 },
    root: '/bench',
    valueBytes: 100,
    shape: { connections, outstanding: 2 },
    extent: { kind: 'count', requests: 600 },
  };
}

test('a job spreads its connections evenly over the servers', async () => {
  const connections = [0, 0, 0];
  for (const index of connections.keys()) {
    const codeOf = (_op: number, ordinal: number): number => {
      if (ordinal === 0) connections[index]!++;
      return 0;
    };
    servers.push(await startFixedServer({ valueBytes: 100, codeOf }));
  }
  const addresses = servers.map(({ port }) => ({ host: '127.0.0.1', port }));
  const [result] = await runJob(jobOf(addresses, 33), 1);
  expect(result?.replies).toBe(600);
  expect(connections).toEqual([11, 11, 11]);
});

test.each([1, 2, 4, 7])('%i threads spread their connections as one would', (count) => {
  const job = jobOf(
    [1, 2, 3].map((port) => ({ host: 'a', port })),
    33,
  );
  const connections = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const { addresses, shape } = shareOfJob(job, i, count);
    for (let k = 0; k < shape.connections; k++) {
      const { port } = addresses[k % addresses.length]!;
      connections.set(port, (connections.get(port) ?? 0) + 1);
    }
  }
  expect([...connections.values()]).toEqual([11, 11, 11]);
});
