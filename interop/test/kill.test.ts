import { describe, expect, test } from 'vitest';
import { Random } from '../differential/random.ts';
import {
  type Content,
  contentAfter,
  explainContent,
  KillWriter,
  readContent,
} from '../harness/kill-writer.ts';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { TARGET, TestServer } from '../harness/server.ts';

const missing = TARGET === 'apache' ? missingPeer('apache') : undefined;
/** Fifty by `ZOOID_KILL_ROUNDS=50`. */
const ROUND_COUNT = Number(process.env['ZOOID_KILL_ROUNDS'] ?? 15);
const WRITER_COUNT = 4;
const ACKNOWLEDGED_MAX = 1500;

describe('the oracle of the kill test', () => {
  test('takes what was sent and not acknowledged, whole or not at all', () => {
    for (const count of [8, 9, 10, 11, 12]) {
      expect(explainContent(contentAfter(count), 8, 12)).toBe(count);
    }
  });

  test('sees a lost acknowledged request, a half multi and a request that skipped another', () => {
    expect(explainContent(contentAfter(7), 8, 12)).toBeUndefined();
    const half = new Map(contentAfter(11));
    half.delete('m11b');
    expect(explainContent(half, 8, 12)).toBeUndefined();
    const skipped = new Map(contentAfter(12));
    skipped.delete('c9');
    skipped.set('counter', '10');
    expect(explainContent(skipped, 8, 12)).toBeUndefined();
  });
});

describe.skipIf(missing !== undefined)(suiteTitle('kill -9 under a writing load', missing), () => {
  test(
    `in ${ROUND_COUNT} rounds, nothing acknowledged is missing and nothing unacknowledged is half there`,
    async () => {
      const random = new Random(20_260_101);
      // Snapshots are cut off by the kill as well as logs are.
      await using server = await TestServer.start(TARGET, { config: { snapCount: 700 } });
      const settled: { readonly directory: string; readonly content: Content }[] = [];
      let acknowledged = 0;
      for (let round = 0; round < ROUND_COUNT; round++) {
        const writers: KillWriter[] = [];
        for (let i = 0; i < WRITER_COUNT; i++) {
          writers.push(await KillWriter.open(server.port, `/r${round}w${i}`));
        }
        let left = 1 + random.below(ACKNOWLEDGED_MAX);
        let killed: Promise<unknown> | undefined;
        const onAcknowledged = () => {
          left--;
          if (left <= 0) killed ??= server.stop('SIGKILL');
        };
        await Promise.all(writers.map((writer) => writer.run(onAcknowledged)));
        await killed;
        await server.start();

        for (const writer of writers) {
          const content = await readContent(server.port, writer.directory);
          const count = explainContent(content, writer.acknowledgedCount, writer.sentCount);
          expect(
            count,
            `round ${round}, ${writer.directory}: ${writer.acknowledgedCount} acknowledged, ${writer.sentCount} sent, counter ${content.get('counter')}, ${content.size} znodes`,
          ).toBeDefined();
          settled.push({ directory: writer.directory, content: contentAfter(count!) });
          acknowledged += writer.acknowledgedCount;
        }
      }
      expect(acknowledged).toBeGreaterThan(ROUND_COUNT * 10);
      // What an earlier life has left stays as it was.
      for (const { directory, content } of settled) {
        expect(await readContent(server.port, directory), directory).toEqual(content);
      }
    },
    60_000 + ROUND_COUNT * 10_000,
  );
});
