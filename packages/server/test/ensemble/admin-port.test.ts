import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { serverLines, startMember } from './members.ts';

test('a member whose admin port is taken serves without an admin server, and says so', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  const { port } = other.address() as { readonly port: number };

  const member = await startMember(1, await serverLines(1), {
    standaloneEnabled: 'false',
    'admin.serverPort': port,
  });
  await member.log.until('leading');
  expect(member.server.adminPort).toBeUndefined();
  expect(JSON.stringify(member.log.lines)).toContain(
    `the admin server cannot listen on port ${port}`,
  );
});
