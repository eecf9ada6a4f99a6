import { describe, expect, test } from 'vitest';
import { GroupMember, keepSession, type Members, Party, ShallowParty } from '../../src/index.ts';
import { childrenOf, startSetup } from '../support/setup.ts';

const decoder = new TextDecoder();

function textsOf(members: Members): Record<string, string> {
  return Object.fromEntries([...members].map(([id, data]) => [id, decoder.decode(data)]));
}

/** Takes values until one is as wanted. */
async function until<T>(values: AsyncIterator<T>, isWanted: (value: T) => boolean): Promise<T> {
  for (;;) {
    const { value, done } = await values.next();
    if (done) throw new Error('it ended before');
    if (isWanted(value)) return value;
  }
}

describe('a group', () => {
  test('tells every member who is there, with what each says of itself', async () => {
    await using setup = await startSetup();
    const [first, second] = await setup.connectMany(2);
    expect(() => new GroupMember(first!, '/group', { id: 'a/b' })).toThrow(RangeError);
    await using one = new GroupMember(first!, '/group', { id: 'one', payload: '1' });
    await using two = new GroupMember(second!, '/group', { id: 'two', payload: '2' });
    expect(await one.members()).toEqual(new Map());
    const changes = one.changes();
    expect((await changes.next()).value).toEqual(new Map());
    await one.start();
    await two.start();
    await until(changes, (members) => members.size === 2);
    await two.setPayload('zwei');
    await until(changes, (members) => textsOf(members)['two'] === 'zwei');
    expect(textsOf(await one.members())).toEqual({ one: '1', two: 'zwei' });
    expect((await first!.get('/group/one')).stat.ephemeralOwner).toBe(first!.session.id);
    await two.close();
    await until(changes, (members) => members.size === 1);
    await changes.return?.();
    expect((await changes.next()).done).toBe(true);
  });

  test('of forty members each is seen by all, and a member that expires comes back', async () => {
    await using setup = await startSetup();
    const watcher = await setup.connect();
    const keepers = Array.from({ length: 40 }, () => keepSession(() => setup.connect()));
    const members = keepers.map((keeper, i) => new GroupMember(keeper, '/group', { id: `m${i}` }));
    const observer = new GroupMember(watcher, '/group', { id: 'nobody' });
    await Promise.all(members.map((member) => member.start()));
    expect((await observer.members()).size).toBe(40);
    const changes = observer.changes();
    await until(changes, (all) => all.size === 40);
    const gone = await keepers[7]!();
    const before = await watcher.get('/group/m7');
    await setup.server.expireSession(gone);
    await watcher.waitFor('/group/m7');
    const after = await watcher.get('/group/m7');
    expect(after.stat.czxid).toBeGreaterThan(before.stat.czxid);
    await Promise.all(members.map((member) => member.close()));
    await until(changes, (all) => all.size === 0);
    await changes.return?.();
    await Promise.all(keepers.map((keeper) => keeper.close()));
  });

  test('who follows it goes on in a new session, and stops with the signal', async () => {
    await using setup = await startSetup();
    const other = await setup.connect();
    await using sessions = keepSession(() => setup.connect());
    const observer = new GroupMember(sessions, '/group', { id: 'nobody' });
    const stopping = new AbortController();
    const changes = observer.changes({ signal: stopping.signal });
    await changes.next();
    await setup.server.expireSession(await sessions());
    await using member = new GroupMember(other, '/group', { id: 'late' });
    await member.start();
    await until(changes, (members) => members.has('late'));
    const next = changes.next();
    stopping.abort();
    expect((await next).done).toBe(true);
  });
});

describe("kazoo's parties", () => {
  test('have the identifier as data, or in the name', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await using party = new Party(zk, '/party', { identifier: 'ann' });
    await using shallow = new ShallowParty(zk, '/shallow', { identifier: 'bob-1' });
    await party.join();
    await shallow.join();
    const [name] = await childrenOf(zk, '/party');
    expect(name).toMatch(/^[0-9a-f]{32}__party__$/);
    expect((await zk.get(`/party/${name}`)).text()).toBe('ann');
    const [shallowName] = await childrenOf(zk, '/shallow');
    expect(shallowName).toMatch(/^[0-9a-f]{32}-bob-1$/);
    expect((await zk.exists('/party'))?.ephemeralOwner).toBe(0n);
    expect(await party.members()).toEqual(['ann']);
    expect(await shallow.members()).toEqual(['bob-1']);
    expect(() => new ShallowParty(zk, '/shallow', { identifier: 'a/b' })).toThrow(RangeError);
  });

  test('are joined, left and joined again', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const party = new Party(zk, '/party', { identifier: 'ann' });
    await zk.create('/party');
    await zk.create('/party/a stranger');
    const changes = party.changes();
    expect((await changes.next()).value).toEqual([]);
    await party.join();
    await party.join();
    expect(party.isParticipating).toBe(true);
    await until(changes, (members) => members.length === 1);
    await party.leave();
    await party.leave();
    expect(party.isParticipating).toBe(false);
    await until(changes, (members) => members.length === 0);
    await party.join();
    await until(changes, (members) => members.length === 1);
    await changes.return?.();
    await party.leave();
  });
});
