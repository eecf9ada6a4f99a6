/** The whole tree of a server, read through the client protocol by the super user. */
import { OpCode } from '@zooid/protocol';
import { describeBody, type Normal } from './describe-reply.ts';
import * as bodies from './request-bodies.ts';
import { SUPER_CREDENTIALS } from './server.ts';
import { type ConnectOptions, WireSession } from './wire-client.ts';

const AS_IS: Normal = { time: (value) => String(value), session: (id) => String(id) };

/**
 * Every znode in path order: path → data, stat, ACL and children as text. Needs the super user of
 * `SUPER_DIGEST`; the session it opens is closed again, which takes two zxids.
 */
export async function dumpTree(
  port: number,
  normal: Normal = AS_IS,
  options: ConnectOptions = {},
): Promise<Map<string, string>> {
  const session = await WireSession.open(port, options);
  await session.ok(OpCode.auth, bodies.auth('digest', SUPER_CREDENTIALS), -4);
  const tree = new Map<string, string>();
  const queue = ['/'];
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    const data = describeBody(
      OpCode.getData,
      await session.ok(OpCode.getData, bodies.pathAndWatch(path)),
      normal,
    );
    const acl = describeBody(
      OpCode.getACL,
      await session.ok(OpCode.getACL, bodies.onlyPath(path)),
      normal,
    );
    tree.set(path, `${data} acl=${acl.slice(0, acl.lastIndexOf(' {'))}`);
    const names = (await session.ok(OpCode.getChildren, bodies.pathAndWatch(path))).texts().sort();
    for (const name of names) queue.push(path === '/' ? `/${name}` : `${path}/${name}`);
  }
  await session.close();
  return tree;
}
