// A part of the tree as if it were all: paths go in and come out relative to it.
import { connect } from '@zooid/client';

const servers = process.env['ZK'] ?? 'localhost:2181';
await using zk = await connect(servers);
await zk.ensurePath('/shop/orders');

// By the connect string: this session sees nothing else.
await using shop = await connect(`${servers}/shop`);
const { path } = await shop.create('/orders/first', 'a chair');
console.log(path);

// By the same session, further down; no second connection.
const orders = zk.under('/shop/orders');
console.log((await orders.get('/first')).text());
console.log(await zk.listTree('/shop'));

// Prints:
// /orders/first
// a chair
// [ '/shop', '/shop/orders', '/shop/orders/first' ]
