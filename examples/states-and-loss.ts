// A lost connection is a pause, a lost session is an end. `zk.lost` is a signal: give it to whatever must stop then.
import { connect } from '@zooid/client';
import { startTestServer } from '@zooid/testing';

await using server = await startTestServer();
await using zk = await connect(server.connectString);
await zk.create('/leader', 'me', { mode: 'ephemeral' });

const states: string[] = [zk.state];
const told = (async () => {
  for await (const state of zk.states()) states.push(state);
})();
zk.lost.addEventListener('abort', () => console.log('stop leading:', zk.lost.reason.message));

await server.restart(); // calls wait until a server is there again
console.log('still there:', (await zk.get('/leader')).text());

await server.expireSession(zk); // as if this process had been asleep for too long
await told; // the states end with the session
console.log(states.join(' → '));

// Prints:
// still there: me
// stop leading: session: the session has expired
// connected → suspended → connected → suspended → expired
