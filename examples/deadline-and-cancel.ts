// Whatever waits takes a time limit and a signal.
import { connect, OperationTimeoutError } from '@zooid/client';

await using zk = await connect(process.env['ZK'] ?? 'localhost:2181');

try {
  await zk.waitFor('/never', { timeoutMs: 50 });
} catch (error) {
  if (!(error instanceof OperationTimeoutError)) throw error;
  console.log(error.message);
}

const shutdown = new AbortController();
const waiting = zk.waitFor('/never', { signal: shutdown.signal });
shutdown.abort(new Error('the program ends'));
try {
  await waiting;
} catch (error) {
  console.log('given up:', error === shutdown.signal.reason);
}

// Both at once: whichever comes first.
const signal = AbortSignal.any([new AbortController().signal, AbortSignal.timeout(5_000)]);
console.log(await zk.exists('/never', { signal }));

// Prints:
// waitFor /never: no answer came in time
// given up: true
// undefined
