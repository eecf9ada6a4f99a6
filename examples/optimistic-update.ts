// Read, change, write, and once more if somebody else was faster: no increment is lost.
import { connect } from '@zooid/client';

const servers = process.env['ZK'] ?? 'localhost:2181';
await using zk = await connect(servers);
await using other = await connect(servers);
await zk.create('/visits', '0');

async function countVisits(client: typeof zk) {
  for (let i = 0; i < 10; i++) {
    await client.update('/visits', (current) => String(Number(current.text()) + 1));
  }
}
await Promise.all([countVisits(zk), countVisits(other)]);

const visits = await zk.get('/visits');
console.log(visits.text(), 'visits, version', visits.stat.version);

// Prints:
// 20 visits, version 20
