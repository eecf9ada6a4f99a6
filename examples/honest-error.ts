// A write whose answer is lost may have been carried out. The error says so, and nothing is tried twice behind your back.
import { connect, ZooKeeperError } from '@zooid/client';
import { startTestServer } from '@zooid/testing';

await using server = await startTestServer();
await using zk = await connect(server.connectString);

const hearsNothing = { direction: 'to-client' } as const;
server.partition(hearsNothing); // requests arrive, answers do not
try {
  await zk.create('/job', 'payload', { timeoutMs: 200 });
} catch (error) {
  if (!ZooKeeperError.is(error)) throw error;
  console.log(error.code, error.operation, error.path, error.outcome);
}
await server.heal();

// So look before trying again; after a sync, since the next connection may lead to a server that lags behind.
await zk.sync();
const stat = await zk.exists('/job');
console.log(stat === undefined ? 'it did not happen' : 'it happened');

// An answer is an answer: here nothing was changed, for certain.
try {
  await zk.create('/job', 'payload');
} catch (error) {
  if (!ZooKeeperError.is(error)) throw error;
  console.log(error.code, error.operation, error.path, error.outcome);
}

// Prints:
// OPERATION_TIMEOUT create /job unknown
// it happened
// NODE_EXISTS create /job not-applied
