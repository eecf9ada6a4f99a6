import { connect } from '@zooid/client';
import { startTestServer } from '@zooid/testing';

await using server = await startTestServer();
await using zk = await connect(server.connectString);

await zk.create('/a', 'one');
await server.restart(); // same port, same data, same session
await server.expireSession(zk); // now, not after a timeout
