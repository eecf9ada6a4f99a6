/** `zooid bench` on both servers: any ZooKeeper server will do. */

import { describe, expect, test } from 'vitest';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { runZooid, type ServerKind, TestServer } from '../harness/server.ts';

const missing = missingPeer('apache');
const kinds: readonly ServerKind[] = missing === undefined ? ['apache', 'zooid'] : ['zooid'];

describe(suiteTitle('zooid bench', missing), () => {
  test.each(kinds)('measures the server of %s and leaves nothing there', async (kind) => {
    await using server = await TestServer.start(kind);
    const quick = ['--seconds', '0.5', '--warm-up', '0.2', '--connections', '4', '--json'];
    const { code, stdout, stderr } = await runZooid(['bench', server.address, ...quick]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { workloads } = JSON.parse(stdout) as {
      readonly workloads: readonly { readonly workload: string; readonly perSecond: number }[];
    };
    expect(workloads.map(({ workload }) => workload)).toEqual([
      'get',
      'exists',
      'getChildren',
      'set',
      'create',
      'mixed-90-10',
    ]);
    for (const { perSecond } of workloads) expect(perSecond).toBeGreaterThan(0);
    const { stdout: names } = await runZooid(['shell', server.address, 'ls', '/']);
    expect(names).toBe('[zookeeper]\n');
  });
});
