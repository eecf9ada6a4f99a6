import { connect } from '@zooid/client';
import { startTestServer, type TestServer } from '@zooid/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

test('each test has its own part of the tree', async ({ task }) => {
  await using zk = await connect(server.connectString);
  const { path } = await zk.create(`/${task.id}`, 'mine');
  expect((await zk.get(path)).text()).toBe('mine');
});
