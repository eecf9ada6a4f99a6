import { connect } from '@zooid/client';
import { startTestEnsemble } from '@zooid/testing';
import { expect, test } from 'vitest';

test('what a majority has confirmed is there when the minority is back', async () => {
  await using ensemble = await startTestEnsemble();
  const old = await ensemble.untilServing();
  const others = ensemble.members.filter((member) => member !== old);

  ensemble.partition([[old]], { ending: 'reset' });
  const leader = await ensemble.untilServing(others);
  await using writer = await connect(leader.connectString);
  await writer.create('/confirmed', '');
  await ensemble.heal();
  await ensemble.untilServing();

  await using reader = await connect(old.connectString);
  expect(await reader.exists('/confirmed')).toBeDefined();
});
