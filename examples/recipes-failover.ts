// One of several processes is active, the others stand by: when it dies, the next one takes over.
import { connect } from '@zooid/client';
import { LeaderLatch } from '@zooid/recipes';

const servers = process.env['ZK'] ?? 'localhost:2181';
const first = await connect(servers);
await using second = await connect(servers);

await using active = new LeaderLatch(first, '/scheduler', { identifier: 'host-1' });
await active.start();
const term = await active.untilLeader();
await using standby = new LeaderLatch(second, '/scheduler', { identifier: 'host-2' });
await standby.start();
console.log('active:', (await standby.leader())?.identifier);

// Whatever the active one does belongs under this signal: it fires no later than another one can be active.
term.lost.addEventListener('abort', () => console.log('host-1 is active no more'));
await first.close(); // or its process dies, and the session times out

const next = await standby.untilLeader();
console.log('active:', (await standby.leader())?.identifier);
console.log('a later term has a greater token:', next.fencingToken > term.fencingToken);

// Prints:
// active: host-1
// host-1 is active no more
// active: host-2
// a later term has a greater token: true
