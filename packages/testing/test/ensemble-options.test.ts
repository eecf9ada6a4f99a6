import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startTestEnsemble } from '../src/index.ts';

test('a new member that must not begin empty does so with the file `initialize`, once', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'zooid-ensemble-options-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const initialize = join(dataDir, '1', 'initialize');
  await mkdir(join(dataDir, '1'));
  await writeFile(initialize, '');
  await using ensemble = await startTestEnsemble({
    servers: 1,
    storage: { dataDir },
    ensemble: { isEmptyDatabaseTrusted: false },
  });
  expect(existsSync(initialize)).toBe(false);
  // Nothing was written, yet it has taken part in an epoch.
  await ensemble.members[0]!.restart();
  await ensemble.untilServing();
  expect(ensemble.members[0]!.role).toBe('leading');
});
