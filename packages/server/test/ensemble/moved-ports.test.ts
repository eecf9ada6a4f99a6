import { OpCode } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { freePort } from '../net/free-port.ts';
import { createOf, RawClient, until } from '../raw-client.ts';
import { serverLines, startMembers, type TestMember } from './members.ts';

/** Three servers that take reconfigurations of anybody; their lines have client ports. */
async function reconfigurable() {
  const lines = new Map<number, string>();
  for (const [id, line] of await serverLines(3)) {
    lines.set(id, `${line};127.0.0.1:${await freePort()}`);
  }
  const members = await startMembers(
    lines,
    { reconfigEnabled: 'true' },
    { 'zookeeper.skipACL': 'yes' },
  );
  return { lines, members };
}

/** Gives a server another line. A leader that learners find elsewhere leads no more, and everybody's clients are sent away. */
async function reconfigure(over: RawClient, id: number, line: string): Promise<void> {
  over.send({
    op: OpCode.reconfig,
    joiningServers: `server.${id}=${line}`,
    leavingServers: null,
    newMembers: null,
    curConfigId: -1n,
  });
  const reply = await over.reply();
  if (reply !== undefined) expect(reply.err).toBe(0);
}

function isRefused(port: number): Promise<boolean> {
  return RawClient.open(port).then(
    (client) => {
      client.destroy();
      return false;
    },
    () => true,
  );
}

const isServing = ({ server }: TestMember) => server.member?.isServing === true;

describe('a reconfiguration that gives a server', { timeout: 60_000 }, () => {
  test.each(['leading', 'following'] as const)(
    'another client port while %s: clients find it there, and who is connected stays',
    async (role) => {
      const { lines, members } = await reconfigurable();
      const { id, server, log } = members.find((member) => member.server.member?.role === role)!;
      const old = server.clientPort;
      const next = await freePort();
      const early = await RawClient.connect(old);
      await reconfigure(early, id, lines.get(id)!.replace(`:${old}`, `:${next}`));
      await until(() => server.clientPort === next, 'the client port has moved');
      expect(await isRefused(old)).toBe(true);
      const late = await RawClient.connect(next);
      await late.ok(createOf('/late'));
      await early.ok(createOf('/early'));
      expect(log.find('listening', { address: `127.0.0.1:${next}` })).toBeDefined();
      expect(server.member?.role).toBe(role);
    },
  );

  test.each(['leading', 'following'] as const)(
    'other ports for servers while %s: the others find it there',
    async (role) => {
      const { lines, members } = await reconfigurable();
      const moved = members.find(({ server }) => server.member?.role === role)!;
      const others = members.filter((member) => member !== moved);
      const { id, server } = moved;
      const [, electionPort, rest] = /:(\d+)(:participant.*)$/.exec(lines.get(id)!)!;
      const nextElectionPort = await freePort();
      const line = `127.0.0.1:${await freePort()}:${nextElectionPort}${rest}`;
      const client = await RawClient.connect(others[0]!.server.clientPort);
      await reconfigure(client, id, line);
      await until(() => isRefused(Number(electionPort)), 'the election port has moved');
      expect(await isRefused(nextElectionPort)).toBe(false);
      await until(() => members.every(isServing), 'all serve');
      // Of two servers, neither is anything without the other.
      await others.find((member) => member.server.member?.role !== 'leading')!.server.close();
      const [left] = others.filter(isServing);
      await until(() => isServing(moved) && isServing(left!), 'two serve');
      const late = await RawClient.connect(server.clientPort);
      await late.ok(createOf('/late'));
    },
  );
});
