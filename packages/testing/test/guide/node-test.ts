import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '@zooid/client';
import { startTestServer } from '@zooid/testing';

test('a value survives a restart', async (t) => {
  const server = await startTestServer();
  t.after(() => server.close());
  const zk = await connect(server.connectString);
  t.after(() => zk.close());
  await zk.create('/kept', 'yes');

  await server.restart();

  assert.equal((await zk.get('/kept')).text(), 'yes');
});
