// Connect, create, read, change, list, delete.
import { connect } from '@zooid/client';

await using zk = await connect(process.env['ZK'] ?? 'localhost:2181');

const { path } = await zk.create('/greeting', 'hello');
console.log('created', path);

const node = await zk.get('/greeting');
console.log('read', node.text(), 'version', node.stat.version);

const stat = await zk.set('/greeting', 'hello, world', { version: node.stat.version });
console.log('changed, version', stat.version);

await zk.create('/greeting/in-french', 'bonjour');
const { names } = await zk.children('/greeting');
console.log('children', names);

console.log('deleted', await zk.deleteTree('/greeting'));
console.log('exists', await zk.exists('/greeting'));

// Prints:
// created /greeting
// read hello version 0
// changed, version 1
// children [ 'in-french' ]
// deleted 2
// exists undefined
