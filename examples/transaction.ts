// All changes or none. The results have the types of the calls.
import { BadVersionError, connect, TransactionError } from '@zooid/client';

await using zk = await connect(process.env['ZK'] ?? 'localhost:2181');
await zk.create('/stock', '12');
await zk.create('/orders', '');

const [, order, stock] = await zk
  .transaction()
  .check('/orders')
  .create('/orders/order-', 'one chair', { mode: 'persistent-sequential' })
  .set('/stock', '11', { version: 0 })
  .commit();
console.log('placed', order.path, 'stock is at version', stock.version);

try {
  // Somebody who still believes in the old version.
  await zk
    .transaction()
    .create('/orders/order-', 'a table', { mode: 'persistent-sequential' })
    .set('/stock', '11', { version: 0 })
    .commit();
} catch (error) {
  if (!(error instanceof TransactionError)) throw error;
  console.log('refused: operation', error.index, error.cause instanceof BadVersionError);
}
console.log('orders', (await zk.children('/orders')).names);

// Prints:
// placed /orders/order-0000000000 stock is at version 1
// refused: operation 1 true
// orders [ 'order-0000000000' ]
