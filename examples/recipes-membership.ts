// Who is in the cluster, and what does each say of itself? A member that dies is gone when its session ends.
import { connect } from '@zooid/client';
import { GroupMember } from '@zooid/recipes';

const servers = process.env['ZK'] ?? 'localhost:2181';
await using zk = await connect(servers);
const mortal = await connect(servers);

await using first = new GroupMember(zk, '/members', { id: 'host-1', payload: '10.0.0.1:80' });
await using second = new GroupMember(mortal, '/members', { id: 'host-2', payload: '10.0.0.2:80' });
await first.start();
await second.start();

const text = new TextDecoder();
for await (const members of first.changes()) {
  for (const [id, payload] of [...members].toSorted()) console.log(id, text.decode(payload));
  if (members.size === 1) break;
  console.log('host-2 dies');
  await mortal.close();
}

// Prints:
// host-1 10.0.0.1:80
// host-2 10.0.0.2:80
// host-2 dies
// host-1 10.0.0.1:80
