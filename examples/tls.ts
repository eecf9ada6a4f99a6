// TLS, with a certificate of the client's own for servers that want one. Contents of files, not their names.
import { readFileSync } from 'node:fs';
import { connect } from '@zooid/client';

const directory = process.env['ZK_CERTIFICATES'] ?? '.';

await using zk = await connect(process.env['ZK_TLS'] ?? 'localhost:2281', {
  tls: {
    ca: readFileSync(`${directory}/authority.pem`),
    cert: readFileSync(`${directory}/client.pem`),
    key: readFileSync(`${directory}/client-key.pem`),
  },
});
console.log(zk.state);

// Prints:
// connected
