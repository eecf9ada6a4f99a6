// Hear of every change at and below a znode. The watch is kept up over reconnects.
import { connect } from '@zooid/client';

await using zk = await connect(process.env['ZK'] ?? 'localhost:2181');
await zk.create('/flags', '');

const shutdown = new AbortController();
const flags = zk.watch('/flags', { recursive: true, signal: shutdown.signal });
await flags.ready; // from here on nothing is missed

await zk.create('/flags/dark-mode', 'on');
await zk.set('/flags/dark-mode', 'off');
await zk.delete('/flags/dark-mode');

for await (const event of flags) {
  // After a gap something may have changed unseen: look at everything again.
  if (event.type === 'gap') continue;
  console.log(event.type, event.path);
  if (event.type === 'deleted') shutdown.abort();
}
console.log('the loop ends with the signal');

// Prints:
// created /flags/dark-mode
// data-changed /flags/dark-mode
// deleted /flags/dark-mode
// the loop ends with the signal
