// A name service with load balancing: servers register, clients ask for the next one to use.
import { connect } from '@zooid/client';
import { buildUri, ServiceDiscovery, serviceInstance } from '@zooid/recipes';

const servers = process.env['ZK'] ?? 'localhost:2181';
await using zk = await connect(servers);
await using there = await connect(servers);

// Each server of the service registers itself; it is gone with its session.
await using registry = new ServiceDiscovery(there, '/services');
for (const id of ['one', 'two', 'three']) {
  const address = `${id}.example`;
  const uriSpec = '{scheme}://{address}:{port}/mail';
  await registry.register(serviceInstance({ name: 'mail', id, address, port: 80, uriSpec }));
}

await using discovery = new ServiceDiscovery(zk, '/services');
await using mail = discovery.provider('mail');
await mail.start();
for (let use = 0; use < 4; use++) {
  const instance = mail.choose();
  if (instance === undefined) break;
  console.log(buildUri(instance));
  // Two errors, and it is left alone for 30 seconds.
  if (instance.id === 'three') for (let i = 0; i < 2; i++) mail.noteError(instance);
}
console.log(mail.instances().map(({ id }) => id));

// Prints:
// http://one.example:80/mail
// http://three.example:80/mail
// http://one.example:80/mail
// http://two.example:80/mail
// [ 'one', 'two' ]
