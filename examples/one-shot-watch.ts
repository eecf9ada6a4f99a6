// A value, and a promise of its next change. Nothing can be missed between the two.
import { connect } from '@zooid/client';

const servers = process.env['ZK'] ?? 'localhost:2181';
await using zk = await connect(servers);
await using other = await connect(servers);
await zk.create('/config', 'timeout=10');

const before = await zk.get('/config', { watch: true });
console.log('now', before.text());

await other.set('/config', 'timeout=20');

const event = await before.changed;
console.log(event.type, event.path);
console.log('now', (await zk.get('/config')).text());

// Prints:
// now timeout=10
// data-changed /config
// now timeout=20
