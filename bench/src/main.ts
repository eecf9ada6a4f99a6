import { Command } from 'commander';
import { deleteTree } from './load/prepare.ts';
import { measureLoad } from './suite/measure-load.ts';
import { loadSpecs } from './suite/spec.ts';
import { SetupClient } from './wire/setup-client.ts';

const program = new Command()
  .option('--server <host:port>', 'server', '127.0.0.1:2181')
  .option('--only <regexp>')
  .option('--seconds <n>', '', '3');
program.parse();
const options = program.opts<{ server: string; only?: string; seconds: string }>();
const at = options.server.lastIndexOf(':');
const address = { host: options.server.slice(0, at), port: Number(options.server.slice(at + 1)) };
const only = options.only === undefined ? undefined : new RegExp(options.only);
const root = `/bench-${process.pid}`;
for (const spec of loadSpecs) {
  if (only === undefined ? !spec.isDefault : !only.test(spec.id)) continue;
  const f = await measureLoad(
    address,
    spec,
    { warmUpMs: 1000, measureMs: Number(options.seconds) * 1000 },
    root,
  );
  console.log(
    spec.id.padEnd(26),
    Math.round(f.perSecond).toLocaleString('en').padStart(10),
    `p50 ${Math.round(f.latency.p50Us)} p99 ${Math.round(f.latency.p99Us)} max ${Math.round(f.latency.maxUs)} us, generator ${Math.round(f.generatorBusy * 100)} %`,
  );
}
if (process.env.KEEP) process.exit(0);
const client = await SetupClient.open(address);
await deleteTree(client, root);
await client.close();
