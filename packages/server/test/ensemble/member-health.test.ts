import { createServer } from 'node:net';
import type { Member } from '@zooid/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MemberHealth } from '../../src/ensemble/member-health.ts';
import { until } from '../raw-client.ts';
import { page, serverLines, startMember, type TestMember } from './members.ts';

describe('a member that does not serve says why', () => {
  test('alone, it tells which servers it cannot reach; with a quorum it is ready', async () => {
    const lines = await serverLines(3);
    const first = await startMember(1, lines);
    const port = (id: number) => lines.get(id)!.split(':')[2];
    await untilReason(
      first,
      `not ready: looks for a leader: heard of no other server; server 2 cannot be reached at 127.0.0.1:${port(2)} (ECONNREFUSED); ` +
        `server 3 cannot be reached at 127.0.0.1:${port(3)} (ECONNREFUSED)\n`,
    );
    expect((await page(first, '/livez')).status).toBe(200);
    const second = await startMember(2, lines);
    for (const member of [first, second]) await untilReason(member, 'ready\n');
    await second.server.close();
    await untilReason(
      first,
      /looks for a leader: heard of no other server; server 2 cannot be .*; before that, \w+ ended: /,
    );
  });

  test.each([
    [undefined, 'the leader, server 2, has not heard of this server lately, or too few'],
    [{}, 'too few of the other servers have been heard of lately'],
  ])('without a lease, its clients wait (leading: %o)', (leading, reason) => {
    const health = new MemberHealth({
      serverId: 1,
      peers: () => new Map(),
      nowMs: () => 0,
      report: () => {},
    });
    const member = { isServing: true, isReadOnly: false, mayAnswer: false, leading, leader: 2 };
    const told = health.notReadyReason(member as unknown as Member);
    expect(told).toContain(`clients wait for their answers: ${reason}`);
    const held = { ...member, mayAnswer: true } as unknown as Member;
    expect(health.notReadyReason(held)).toBeUndefined();
  });

  test('read-only, it is not ready', async () => {
    const member = await startMember(
      1,
      await serverLines(3),
      {},
      { 'readonlymode.enabled': 'true' },
    );
    await untilReason(
      member,
      /^not ready: only reads are served, .* there is no leader: heard of no/,
    );
  });

  test('a server list that differs is told by entry, once', async () => {
    const lines = await serverLines(3);
    const wrong = new Map([...lines, [3, '127.0.0.1:1:2:participant']]);
    const first = await startMember(1, lines, { 'fastleader.maxNotificationInterval': 200 });
    const second = await startMember(2, wrong);
    const line = await first.log.until(
      'the server list of another server differs from the one here',
    );
    expect(line).toMatchObject({
      level: 'warn',
      server: 2,
      differences: `server.3 is ${lines.get(3)} here and 127.0.0.1:1:2:participant there`,
    });
    await second.log.until('the server list of another server differs from the one here', {
      server: 1,
    });
    // Two of three are a quorum all the same.
    await untilReason(first, 'ready\n');
    const told = first.log.lines.filter(({ msg }) => msg === line.msg);
    expect(told).toHaveLength(1);
  });

  test('a second server with the same id is told', async () => {
    const lines = await serverLines(3);
    const [host, quorumPort] = lines.get(1)!.split(':');
    const first = await startMember(1, lines);
    const other = await serverLines(1);
    const [, , electionPort] = other.get(1)!.split(':');
    // It calls the first one as its server 2.
    await startMember(
      1,
      new Map([
        [
          1,
          `${host}:${quorumPort}0:${electionPort}:participant`.replace(
            /:\d+0:/,
            `:${other.get(1)!.split(':')[1]}:`,
          ),
        ],
        [2, lines.get(1)!],
        [3, lines.get(3)!],
      ]),
    );
    await first.log.until('another server has the id of this one');
    await untilReason(first, /another server, at 127\.0\.0\.1, has the id of this one/);
  });

  test('something else on the election port of another server is told', async () => {
    const ssh = createServer((socket) => {
      socket.on('error', () => {});
      socket.write('SSH-2.0-OpenSSH_9.2\r\n');
    });
    await new Promise<void>((resolve) => ssh.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void ssh.close());
    const { port } = ssh.address() as { port: number };
    const lines = new Map([...(await serverLines(3)), [1, `127.0.0.1:1:${port}:participant`]]);
    const member = await startMember(2, lines);
    await untilReason(
      member,
      new RegExp(`what answers for server 1 at 127\\.0\\.0\\.1:${port} is no election port`),
    );
  });

  test('a port that hangs up without a word is told', async () => {
    const mute = createServer((socket) => void socket.destroy());
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void mute.close());
    const { port } = mute.address() as { port: number };
    const lines = new Map([...(await serverLines(3)), [1, `127.0.0.1:1:${port}:participant`]]);
    const member = await startMember(2, lines);
    await member.log.until('what answers for another server hangs up without a word', {
      server: 1,
    });
    await untilReason(member, /for server 1 at 127\.0\.0\.1:\d+ hangs up without a word/);
  });
});

async function untilReason(member: TestMember, wanted: string | RegExp): Promise<void> {
  let text = '';
  try {
    await until(async () => {
      ({ text } = await page(member, '/readyz'));
      return typeof wanted === 'string' ? text === wanted : wanted.test(text);
    }, `/readyz says ${wanted}`);
  } catch (error) {
    throw new Error(`it says: ${text}`, { cause: error });
  }
}
