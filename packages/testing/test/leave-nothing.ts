/**
 * A program that uses a server and an ensemble in every way, with faults in force at the end, closes it, and prints what the process has open
 * before, meanwhile and after. That it ends by itself is part of the proof.
 */

import { existsSync } from 'node:fs';
import { Socket } from 'node:net';
import { startTestEnsemble, startTestProxy, startTestServer } from '../src/index.ts';

const resources = () => process.getActiveResourcesInfo().sort();

/** Connects, writes something, and goes away without waiting for an answer. */
async function visit(port: number): Promise<Socket> {
  const socket = new Socket();
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(port, '127.0.0.1', resolve);
  });
  socket.write('a few bytes');
  return socket;
}

// Whatever is opened once for a process is open.
await (await startTestServer({ storage: { dataDir: 'temporary' } })).close();

const before = resources();
const meanwhile: string[][] = [];
const leftDirectories: string[] = [];
for (const storage of ['memory', { dataDir: 'temporary' }] as const) {
  for (const proxy of [true, false]) {
    const server = await startTestServer({ storage, proxy });
    const visitors = [await visit(server.port)];
    await server.restart();
    if (proxy) {
      server.delay(3_600_000);
      visitors.push(await visit(server.port));
      server.partition();
      visitors.push(await visit(server.port));
      server.cutAfter({ direction: 'to-server', bytes: 1 });
    }
    const outer = await startTestProxy({ target: { port: server.port } });
    outer.delay(3_600_000);
    visitors.push(await visit(outer.port));
    meanwhile.push(resources());
    // They close when the other side does, which is what closing must bring about.
    const gone = visitors.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    await Promise.all([outer.close(), server.close()]);
    await Promise.all(gone);
    const { dataDir } = server;
    if (dataDir !== undefined && existsSync(dataDir)) leftDirectories.push(dataDir);
  }
}
const ensemble = await startTestEnsemble({ observers: 1 });
const [first, second, third, observer] = ensemble.members;
const visitors = await Promise.all(ensemble.members.map(({ port }) => visit(port)));
const gone = visitors.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
await first!.kill();
ensemble.silence(second!, third!);
ensemble.partition([[observer!]], { ending: 'reset' });
observer!.partition();
meanwhile.push(resources());
await ensemble.close();
await Promise.all(gone);
const { dataDir } = first!;
if (existsSync(dataDir)) leftDirectories.push(dataDir);
console.log(JSON.stringify({ before, meanwhile, after: resources(), leftDirectories }));
