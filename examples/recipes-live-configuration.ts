// Configuration that updates itself: what is read is here, and what changes there changes here.
import { connect } from '@zooid/client';
import { Cache, keepSession } from '@zooid/recipes';

const servers = process.env['ZK'] ?? 'localhost:2181';
await using operator = await connect(servers);
await operator.create('/config', '');
await operator.create('/config/banner', 'Hello');
await operator.create('/config/limits', '{"perMinute":60}');

// A new session when the old one has ended: the cache goes on.
await using sessions = keepSession((signal) => connect(servers, { signal }));
await using config = new Cache(sessions, '/config');
await config.start();
console.log(config.get('/config/banner')?.text(), config.get('/config/limits')?.json());

const changes = config.changes();
await operator.set('/config/banner', 'Goodbye');
for await (const change of changes) {
  if (change.type !== 'changed') continue;
  console.log(change.node.path, change.before.text(), '->', change.node.text());
  break;
}
console.log(config.get('/config/banner')?.text());

// Prints:
// Hello { perMinute: 60 }
// /config/banner Hello -> Goodbye
// Goodbye
