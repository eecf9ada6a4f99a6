// A global lock as an HTTP service, for programs that speak nothing else: a task acquires and releases by its id.
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, OperationTimeoutError } from '@zooid/client';
import { type HeldLock, Mutex } from '@zooid/recipes';

await using zk = await connect(process.env['ZK'] ?? 'localhost:2181');
const mutex = new Mutex(zk, '/lock');
const heldByTask = new Map<string, HeldLock>();

async function acquire(task: string, response: ServerResponse): Promise<void> {
  try {
    const present = heldByTask.get(task);
    // A task may ask again: its answer may have been lost, or its lock.
    const held = present?.isHeld ? present : await mutex.acquire({ timeoutMs: 1_000 });
    heldByTask.set(task, held);
    response.writeHead(200, { 'fencing-token': `${held.fencingToken}` }).end('it is yours');
  } catch (error) {
    if (!(error instanceof OperationTimeoutError)) throw error;
    response.writeHead(423).end('somebody else has it');
  }
}

async function release(task: string, response: ServerResponse): Promise<void> {
  const held = heldByTask.get(task);
  heldByTask.delete(task);
  await held?.release();
  if (held === undefined) response.writeHead(404).end('it was not yours');
  else response.writeHead(200).end('it is free');
}

const service = createServer((request, response) => {
  const task = request.url?.slice('/lock/'.length) ?? '';
  const work = request.method === 'PUT' ? acquire : release;
  work(task, response).catch((error) => response.writeHead(500).end(String(error)));
});
service.listen(0, '127.0.0.1');
await once(service, 'listening');
const { port } = service.address() as AddressInfo;

async function ask(method: string, task: string): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/lock/${task}`, { method });
  console.log(method, task, answer.status, await answer.text());
}
await ask('PUT', 'task-1');
await ask('PUT', 'task-1');
await ask('PUT', 'task-2');
await ask('DELETE', 'task-1');
await ask('PUT', 'task-2');
await ask('DELETE', 'task-2');
await ask('DELETE', 'task-2');
service.close();
service.closeAllConnections();

// Prints:
// PUT task-1 200 it is yours
// PUT task-1 200 it is yours
// PUT task-2 423 somebody else has it
// DELETE task-1 200 it is free
// PUT task-2 200 it is yours
// DELETE task-2 200 it is free
// DELETE task-2 404 it was not yours
