import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../integration/test-server.ts';
import { createOf, RawClient, until } from '../raw-client.ts';
import { serverLines, startMember, startMembers } from './members.ts';

test('a member that is sent the whole state again and again sets aside only what it had last', {
  timeout: 60_000,
}, async () => {
  const forced = { 'zookeeper.forceSnapshotSync': 'true' };
  const lines = await serverLines(3);
  const members = await startMembers(lines, {}, forced);
  const leader = members.find(({ server }) => server.member?.role === 'leading')!;
  const learner = members.find((member) => member !== leader)!;
  const { id, directory: dataDir } = learner;
  const dataLogDir = temporaryDirectory();
  const client = await RawClient.connect(leader.server.clientPort);
  let { server } = learner;
  const setAsideIn = (directory: string) =>
    fs
      .readdirSync(path.join(directory, 'version-2'))
      .filter((name) => /^(before|restored|received)/.test(name))
      .sort();
  await server.close();
  // From here on its log is elsewhere.
  fs.rmSync(path.join(dataDir, 'version-2'), { recursive: true });
  for (let round = 0; round <= 3; round++) {
    await client.ok(createOf(`/round-${round}`));
    ({ server } = await startMember(id, lines, { dataDir, dataLogDir }, forced));
    await until(() => server.member?.isServing === true, 'the learner serves');
    const kept = [`before-sync.${round + 1}`];
    await until(() => setAsideIn(dataDir).length === 1, 'one is left beside the snapshots');
    await until(() => setAsideIn(dataLogDir).length === 1, 'one is left beside the logs');
    expect([setAsideIn(dataDir), setAsideIn(dataLogDir)]).toEqual([kept, kept]);
    await server.close();
  }
  // It is what was there before the last time, whole.
  const aside = temporaryDirectory();
  for (const directory of [dataDir, dataLogDir]) {
    fs.cpSync(path.join(directory, 'version-2', 'before-sync.4'), path.join(aside, 'version-2'), {
      recursive: true,
    });
  }
  expect(fs.readdirSync(path.join(aside, 'version-2'))).toContainEqual(
    expect.stringMatching(/^snapshot\./),
  );
});
