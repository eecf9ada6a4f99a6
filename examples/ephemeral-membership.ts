// Who is there? A member's znode goes with its session, however that ends.
import { connect } from '@zooid/client';

const servers = process.env['ZK'] ?? 'localhost:2181';
await using observer = await connect(servers);
await using first = await connect(servers);
const second = await connect(servers);

await observer.create('/members', '');
await first.create('/members/one', '10.0.0.1:80', { mode: 'ephemeral' });
await second.create('/members/two', '10.0.0.2:80', { mode: 'ephemeral' });

const members = await observer.children('/members', { watch: true });
console.log(members.names.toSorted());

await second.close(); // or its process dies, and the session times out
const event = await members.changed;
console.log(event.type, (await observer.children('/members')).names);

// Prints:
// [ 'one', 'two' ]
// children-changed [ 'one' ]
