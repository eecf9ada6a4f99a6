import { describe, expect, test } from 'vitest';
import { createOf, RawClient, until } from '../raw-client.ts';
import { serverLines, startMembers } from './members.ts';

describe('a leader that is told to stop', () => {
  test('answers what it has taken in, and the others elect at once', {
    timeout: 60_000,
  }, async () => {
    const members = await startMembers(await serverLines(3));
    const leader = members.find(({ server }) => server.member?.role === 'leading')!;
    const others = members.filter((member) => member !== leader);
    const client = await RawClient.connect(leader.server.clientPort);
    const sent = 200;
    for (let i = 0; i < sent; i++) client.send(createOf(`/n-${i}`));
    // The first answer says that the chunk with all of them was read.
    expect((await client.reply())?.err).toBe(0);
    const closed = leader.server.close();
    let answered = 1;
    for (let reply = await client.reply(); reply !== undefined; reply = await client.reply()) {
      expect(reply.err).toBe(0);
      answered++;
    }
    expect(answered).toBe(sent);
    await closed;
    await until(
      () =>
        others.every(
          ({ server: { member } }) => member?.isServing === true && member.leader !== leader.id,
        ),
      'the others have a leader of their own',
    );
    const last = await RawClient.connect(others[0]!.server.clientPort);
    await last.ok(createOf('/after'));
    last.destroy();
    expect(leader.log.find('leading ended', { reason: 'this server stops' })).toBeDefined();
  });
});
