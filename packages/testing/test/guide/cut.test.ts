import { connect, ZooKeeperError } from '@zooid/client';
import { startTestServer } from '@zooid/testing';
import { expect, test } from 'vitest';

async function measure() {
  await using server = await startTestServer();
  await using zk = await connect(server.connectString);
  const connectBytes = server.traffic.bytesToClient;
  await zk.create('/job', '');
  return { connectBytes, allBytes: server.traffic.bytesToClient };
}

test('wherever its answer is cut, a create says that it may have happened', async () => {
  const { connectBytes, allBytes } = await measure();
  for (let bytes = connectBytes + 1; bytes < allBytes; bytes++) {
    await using server = await startTestServer();
    const cut = server.cutAfter({ direction: 'to-client', bytes });
    await using zk = await connect(server.connectString);

    const error = await zk.create('/job', '').catch((reason: unknown) => reason);

    expect(ZooKeeperError.is(error) && error.outcome).toBe('unknown');
    expect(await cut.done).toBe(true);
    expect(await zk.exists('/job')).toBeDefined();
  }
});
