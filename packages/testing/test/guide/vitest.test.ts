import { connect } from '@zooid/client';
import { startTestServer } from '@zooid/testing';
import { expect, test } from 'vitest';

test('a member that loses its session leaves the group', async () => {
  await using server = await startTestServer();
  await using member = await connect(server.connectString);
  await using observer = await connect(server.connectString);
  await member.ensurePath('/group');
  await member.create('/group/one', 'here', { mode: 'ephemeral' });

  await server.expireSession(member);

  expect((await observer.children('/group')).names).toEqual([]);
});
