import { connect } from '@zooid/client';
import { startTestServer } from '@zooid/testing';
import { expect, test } from 'vitest';
import { runRecipeJob } from '../../src/recipes/recipe-job.ts';

test.each(['lock', 'lock-ahead'] as const)(
  'a job with a %s counts how often it went from one client to the other, and leaves no znode',
  async (work) => {
    await using server = await startTestServer();
    const result = await runRecipeJob({
      work,
      connectString: server.connectString,
      path: '/bench/lock',
      warmUpMs: 1,
      measureMs: 100,
    });
    await using zk = await connect(server.connectString);
    const { names, stat } = await zk.children('/bench/lock');
    expect(names).toEqual([]);
    // Each hold made a znode, and each hand-over is a hold.
    expect(result.count).toBeGreaterThan(0);
    expect(result.count).toBeLessThanOrEqual(stat.cversion / 2);
    expect(result.processorMs).toBeGreaterThan(0);
    expect(result.elapsedMs).toBeGreaterThanOrEqual(99);
  },
);

test.each(['queue', 'locked-queue'] as const)(
  'a job with a %s counts items that came out, and leaves none',
  async (work) => {
    await using server = await startTestServer();
    const result = await runRecipeJob({
      work,
      connectString: server.connectString,
      path: '/bench/queue',
      warmUpMs: 1,
      measureMs: 100,
    });
    await using zk = await connect(server.connectString);
    const { names, stat } = await zk.children('/bench/queue');
    expect(names).toEqual([]);
    expect(result.count).toBeGreaterThan(0);
    expect(result.count).toBeLessThanOrEqual(stat.cversion / 2);
  },
);
