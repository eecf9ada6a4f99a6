import { connect } from '@zooid/client';
import { startTestProxy } from '@zooid/testing';

await using proxy = await startTestProxy({ target: { host: '127.0.0.1', port: 2181 } });
await using zk = await connect(proxy.connectString);
proxy.delay(200);
console.log(await zk.exists('/'));
