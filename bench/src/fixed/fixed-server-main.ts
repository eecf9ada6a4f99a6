import { startFixedServer } from 'zooid/load';

/** A fixed server as a process of its own: prints its port, ends when its standard input does. */
const server = await startFixedServer({ valueBytes: Number(process.argv[2] ?? 100) });
console.log(server.port);
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
