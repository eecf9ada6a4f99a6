/** Fills a server with every kind of znode and transaction there is, one request after the other. */
import { OpCode } from '@zooid/protocol';
import * as bodies from './request-bodies.ts';
import { WireSession } from './wire-client.ts';

/** Creates below `root`, which must not exist. The sessions stay open: two of them own ephemerals. */
export async function writeEverything(
  port: number,
  root: string,
): Promise<{ readonly owner: WireSession; readonly second: WireSession }> {
  const owner = await WireSession.open(port, { timeoutMs: 40_000 });
  const second = await WireSession.open(port, { timeoutMs: 30_000, readOnly: false });
  const create = (
    name: string,
    rest: Partial<bodies.CreateBody> = {},
    type: number = OpCode.create2,
  ) => owner.ok(type, bodies.create({ path: `${root}${name}`, data: 'data', ...rest }));

  await create('', { data: null });
  await create('/plain');
  await create('/empty', { data: '' });
  await create('/null', { data: null });
  await create('/big', { data: new Uint8Array(300_000).fill(0xab) });
  await create('/ünï/', {}).catch(() => {}); // BadArguments: an error txn takes a zxid
  await create('/ünïcödé-\u00a0日本');
  await create('/sequence');
  for (let i = 0; i < 5; i++) await create('/sequence/n-', { flags: 2 });
  await owner.ok(OpCode.delete, bodies.pathAndInt(`${root}/sequence/n-0000000002`, -1));
  await create('/sequence/n-', { flags: 2 });
  let deep = '';
  for (let i = 0; i < 30; i++) {
    deep += `/d${i}`;
    await create(deep);
  }
  await create('/container', { flags: 4 }, OpCode.createContainer);
  await create('/container/child');
  await create('/ttl', { flags: 5, ttlMs: 900_000n }, OpCode.createTTL);
  await create('/ttl-', { flags: 6, ttlMs: (1n << 40n) - 1n }, OpCode.createTTL);

  await owner.ok(OpCode.auth, bodies.auth('digest', 'alice:secret'), -4);
  await create('/acl');
  await create('/acl/auth', { acls: [{ perms: 31, scheme: 'auth', id: '' }] });
  await create('/acl/several', {
    acls: [
      { perms: 1, scheme: 'world', id: 'anyone' },
      { perms: 31, scheme: 'ip', id: '127.0.0.0/8' },
      { perms: 3, scheme: 'digest', id: 'bob:47OZmAC+gmpxPTNxS88W7kbnPM8=' },
    ],
  });
  await create('/acl/changed');
  for (const perms of [31, 17, 31]) {
    await owner.ok(
      OpCode.setACL,
      bodies.setAcl(`${root}/acl/changed`, [{ perms, scheme: 'world', id: 'anyone' }]),
    );
  }

  for (let i = 0; i < 20; i++) {
    await owner.ok(OpCode.setData, bodies.setData(`${root}/plain`, `version ${i}`));
  }
  await owner.ok(OpCode.setData, bodies.setData(`${root}/empty`, null));
  await owner.ok(OpCode.setData, bodies.setData(`${root}/null`, ''));

  await owner.ok(
    OpCode.multi,
    bodies.multi([
      { type: OpCode.create, body: bodies.create({ path: `${root}/multi`, data: 'a' }) },
      {
        type: OpCode.create2,
        body: bodies.create({ path: `${root}/multi/`, data: 'b', flags: 2 }),
      },
      { type: OpCode.setData, body: bodies.setData(`${root}/multi`, 'c', 0) },
      { type: OpCode.check, body: bodies.pathAndInt(`${root}/multi`, 1) },
      { type: OpCode.create, body: bodies.create({ path: `${root}/gone`, data: 'b' }) },
      { type: OpCode.delete, body: bodies.pathAndInt(`${root}/gone`, -1) },
    ]),
  );
  await owner.request(
    OpCode.multi,
    bodies.multi([
      { type: OpCode.create, body: bodies.create({ path: `${root}/never`, data: 'a' }) },
      { type: OpCode.check, body: bodies.pathAndInt(`${root}/multi`, 99) },
      { type: OpCode.create, body: bodies.create({ path: `${root}/never2`, data: 'a' }) },
    ]),
  );

  const quota = `/zookeeper/quota${root}`;
  for (const path of [quota, `${quota}/quota`]) await createOpen(owner, path);
  await create('/quota');
  await createOpen(owner, `${quota}/quota/zookeeper_limits`, 'count=100,bytes=1000');
  await createOpen(owner, `${quota}/quota/zookeeper_stats`, 'count=0,bytes=0');
  for (let i = 0; i < 7; i++) await create(`/quota/${i}`);
  await owner.ok(OpCode.setData, bodies.setData(`${root}/quota/3`, 'longer than before'));
  await owner.ok(OpCode.delete, bodies.pathAndInt(`${root}/quota/4`, -1));

  await create('/ephemeral', { flags: 1 });
  await create('/ephemeral-', { flags: 3 });
  await second.ok(OpCode.create, bodies.create({ path: `${root}/second`, flags: 1 }));
  const third = await WireSession.open(port);
  await third.ok(OpCode.create, bodies.create({ path: `${root}/third`, flags: 1 }));
  await third.close();
  return { owner, second };
}

async function createOpen(session: WireSession, path: string, data = ''): Promise<void> {
  await session.ok(OpCode.create, bodies.create({ path, data }));
}
