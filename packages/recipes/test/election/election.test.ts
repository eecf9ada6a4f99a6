import { describe, expect, test } from 'vitest';
import { Election, keepSession, Mutex } from '../../src/index.ts';
import { forEachCut } from '../support/cuts.ts';
import { History } from '../support/history.ts';
import { childrenOf, startSetup, untilAborted, untilChildren } from '../support/setup.ts';

describe('what it is in the tree', () => {
  test("has the znodes of Curator's leader selector, or of kazoo's election", async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const forms = [
      { layout: 'curator', name: /^\/e\/_c_[0-9a-f-]{36}-lock-\d{10}$/ },
      { layout: 'kazoo', name: /^\/e\/[0-9a-f]{32}__lock__\d{10}$/ },
    ] as const;
    for (const { layout, name } of forms) {
      const election = new Election(zk, '/e', { identifier: 'host-3', layout });
      for await (const term of election.terms()) {
        expect(term.path).toMatch(name);
        expect((await zk.get(term.path)).text()).toBe('host-3');
        expect((await zk.exists(term.path))?.czxid).toBe(term.fencingToken);
        expect(await election.leader()).toMatchObject({ identifier: 'host-3', path: term.path });
        break;
      }
      expect(await childrenOf(zk, '/e')).toEqual([]);
      expect(await election.leader()).toBeUndefined();
    }
  });
});

describe('terms', () => {
  test('go around among all who line up again, one at a time, with tokens that grow', async () => {
    await using setup = await startSetup();
    const clients = await setup.connectMany(20);
    const history = new History();
    await Promise.all(
      clients.map(async (zk, index) => {
        const name = `${index}`;
        let served = 0;
        for await (const term of new Election(zk, '/e', { identifier: name }).terms()) {
          history.granted(name, term.fencingToken);
          await zk.exists('/e');
          history.released(name, term.fencingToken);
          if (++served === 3) break;
        }
      }),
    );
    history.assertAtMost(1);
    history.assertTokensGrow();
    expect(history.grantCount).toBe(60);
    // Who has led lines up behind all who wait.
    expect(new Set(history.order.slice(0, 20)).size).toBe(20);
    expect(await childrenOf(clients[0]!, '/e')).toEqual([]);
  });

  test('there is one only when told not to line up again', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    let count = 0;
    for await (const _ of new Election(zk, '/e').terms({ requeue: 'never' })) count++;
    expect(count).toBe(1);
    expect(await childrenOf(zk, '/e')).toEqual([]);
  });

  test('giving one up early lets the next one lead', async () => {
    await using setup = await startSetup();
    const [first, second] = await setup.connectMany(2);
    const ones = new Election(first!, '/e', { identifier: 'one' }).terms();
    const term = (await ones.next()).value!;
    const twos = new Election(second!, '/e', { identifier: 'two' }).terms();
    const next = twos.next();
    await untilChildren(first!, '/e', 2);
    await term.release();
    expect((await next).value!.fencingToken).toBeGreaterThan(term.fencingToken);
    await twos.return();
    await ones.return();
    expect(await childrenOf(first!, '/e')).toEqual([]);
  });

  test('the signal ends the wait quietly, and leaves no znode', async () => {
    await using setup = await startSetup();
    const [first, second] = await setup.connectMany(2);
    await using held = await new Mutex(first!, '/e').acquire();
    const leaving = new AbortController();
    const waiting = new Election(second!, '/e').terms({ signal: leaving.signal }).next();
    await untilChildren(first!, '/e', 2);
    leaving.abort();
    expect(await waiting).toEqual({ value: undefined, done: true });
    expect(await untilChildren(first!, '/e', 1)).toEqual([held.path.slice(3)]);
    const late = new Election(second!, '/e').terms({ signal: leaving.signal });
    expect((await late.next()).done).toBe(true);
  });

  test('what the body throws ends the term', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const serve = async () => {
      for await (const _ of new Election(zk, '/e').terms()) throw new Error('out of order');
    };
    await expect(serve()).rejects.toThrow('out of order');
    expect(await childrenOf(zk, '/e')).toEqual([]);
  });
});

describe('a session that ends', () => {
  test('while it leads is told by the term, and with a provider another term follows', async () => {
    await using setup = await startSetup();
    await using sessions = keepSession(() => setup.connect());
    const tokens: bigint[] = [];
    for await (const term of new Election(sessions, '/e').terms()) {
      tokens.push(term.fencingToken);
      if (tokens.length === 3) break;
      await setup.server.expireSession(await sessions());
      await untilAborted(term.lost);
    }
    expect(tokens).toEqual([...tokens].sort((a, b) => (a < b ? -1 : 1)));
    expect(await childrenOf(await setup.connect(), '/e')).toEqual([]);
  });

  test('while it waits is no end with a provider, and one without', async () => {
    await using setup = await startSetup();
    const [holder, single] = await setup.connectMany(2);
    await using sessions = keepSession(() => setup.connect());
    const held = await new Mutex(holder!, '/e').acquire();
    const kept = new Election(sessions, '/e').terms();
    const keptNext = kept.next();
    const alone = new Election(single!, '/e').terms().next();
    const rejected = expect(alone).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
    await untilChildren(holder!, '/e', 3);
    await setup.server.expireSession(await sessions());
    await setup.server.expireSession(single!);
    await rejected;
    await untilChildren(holder!, '/e', 2);
    await held.release();
    expect((await keptNext).done).toBe(false);
    await kept.return();
  });
});

test('wherever the connection of one breaks, there is one leader, and no znode is left', async () => {
  await using setup = await startSetup();
  const other = await setup.connect();
  const cutCount = await forEachCut(setup.server, async (zk) => {
    const history = new History();
    const serve = async (name: string, client: typeof zk) => {
      for await (const term of new Election(client, '/e').terms({ requeue: 'never' })) {
        history.granted(name, term.fencingToken);
        history.released(name, term.fencingToken);
      }
    };
    await Promise.all([serve('one', zk), serve('two', other)]);
    history.assertAtMost(1);
    history.assertTokensGrow();
    expect(history.grantCount).toBe(2);
    while ((await childrenOf(other, '/e')).length > 0);
  });
  expect(cutCount).toBeGreaterThan(20);
});
