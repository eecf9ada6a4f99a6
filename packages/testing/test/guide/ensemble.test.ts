import { connect } from '@zooid/client';
import { startTestEnsemble } from '@zooid/testing';
import { expect, test } from 'vitest';

test('a member of the group stays in it while the ensemble changes its leader', async () => {
  await using ensemble = await startTestEnsemble({ servers: 3 });
  await using zk = await connect(ensemble.connectString);
  await zk.ensurePath('/group');
  await zk.create('/group/one', 'here', { mode: 'ephemeral' });

  await ensemble.leader?.kill();
  await ensemble.untilServing();

  expect((await zk.children('/group')).names).toEqual(['one']);
});
