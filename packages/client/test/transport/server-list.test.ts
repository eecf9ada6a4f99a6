import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatServer, type ServerAddress } from '../../src/transport/connect-string.ts';
import { ServerList } from '../../src/transport/server-list.ts';
import { seeded } from './support.ts';

const CLIENTS = 10_000;
/** How far from even the load may be. Apache's StaticHostProviderTest allows as much. */
const SLACK = 0.1;

/** Servers `from` to `to`, both included. */
function servers(from: number, to: number): ServerAddress[] {
  return Array.from({ length: to - from + 1 }, (_, i) => numbered(from + i));
}

function numbered(number: number): ServerAddress {
  return { host: `10.10.10.${number}`, port: 1234 + number };
}

function take(list: ServerList, count: number): string[] {
  return Array.from({ length: count }, () => formatServer(list.next()));
}

function names(some: readonly ServerAddress[]): string[] {
  return some.map(formatServer).toSorted();
}

describe('servers take turns', () => {
  test('each once, then again in the same order', () => {
    const list = new ServerList(servers(1, 5), seeded(1));

    const first = take(list, 5);

    expect(first.toSorted()).toEqual(names(servers(1, 5)));
    expect(take(list, 5)).toEqual(first);
  });

  test('the order is drawn: over many clients every server is first as often', () => {
    const random = seeded(2);
    const load = new Load();
    for (let i = 0; i < CLIENTS; i++) load.add(new ServerList(servers(1, 9), random).next());

    load.expectEven(servers(1, 9));
  });

  test('a connection does not start the round anew', () => {
    const list = new ServerList(servers(1, 3), seeded(3));
    const [first, second, third] = take(new ServerList(servers(1, 3), seeded(3)), 3);

    list.onConnected(list.next());

    expect(take(list, 3)).toEqual([second, third, first]);
  });

  test('after a connection to a server out of turn, the one behind it is next', () => {
    const order = take(new ServerList(servers(1, 4), seeded(4)), 4);
    const list = new ServerList(servers(1, 4), seeded(4));

    list.onConnected(servers(1, 4).find((server) => formatServer(server) === order[2])!);

    expect(formatServer(list.next())).toBe(order[3]);
  });

  test('a server that is named twice has one turn, whatever the case of its name', () => {
    const twice = [
      { host: 'zk1', port: 1 },
      { host: 'ZK1', port: 1 },
      { host: 'zk1', port: 2 },
    ];

    expect(new ServerList(twice, seeded(5)).size).toBe(2);
  });

  test('a list without servers is refused, and leaves the former one as it was', () => {
    expect(() => new ServerList([], seeded(6))).toThrow(RangeError);

    const list = new ServerList(servers(1, 2), seeded(6));
    expect(() => list.update([], undefined)).toThrow(RangeError);
    expect(take(list, 2).toSorted()).toEqual(names(servers(1, 2)));
  });
});

describe('a client moves or stays', () => {
  // StaticHostProviderTest.testUpdateClientMigrateOrNot, step by step.
  test.each([
    {
      what: 'fewer servers, its own among them',
      before: [1, 4],
      after: [1, 3],
      own: 3,
      move: false,
    },
    {
      what: 'as many servers, its own among them',
      before: [1, 3],
      after: [1, 3],
      own: 3,
      move: false,
    },
    { what: 'fewer servers, its own is gone', before: [1, 3], after: [1, 2], own: 3, move: true },
    { what: 'as many servers, its own is gone', before: [1, 2], after: [1, 2], own: 3, move: true },
    { what: 'as many servers, others', before: [1, 3], after: [4, 6], own: 3, move: true },
    { what: 'more servers, its own is gone', before: [1, 2], after: [2, 4], own: 1, move: true },
  ] as const)('$what: moves, $move', ({ before, after, own, move }) => {
    for (let seed = 0; seed < 100; seed++) {
      const list = new ServerList(servers(before[0], before[1]), seeded(seed));
      list.onConnected(numbered(own));

      const answer = list.update(servers(after[0], after[1]), numbered(own));

      expect(answer).toBe(move ? 'move' : 'stay');
      expect(list.size).toBe(after[1] - after[0] + 1);
    }
  });

  test('more servers, its own among them: moves with probability 1 - before/after', () => {
    const random = seeded(7);
    let moves = 0;
    for (let i = 0; i < CLIENTS; i++) {
      const list = new ServerList(servers(1, 9), random);
      if (list.update(servers(1, 10), numbered(1)) === 'move') moves++;
    }

    expectWithin(moves, CLIENTS / 10);
  });

  test('a server that is named twice does not make more of them', () => {
    for (let seed = 0; seed < 100; seed++) {
      const list = new ServerList(servers(1, 3), seeded(seed));

      expect(list.update([...servers(1, 3), ...servers(1, 3)], numbered(1))).toBe('stay');
    }
  });

  test('who stays goes on with the turns behind its server', () => {
    const list = new ServerList(servers(1, 4), seeded(8));
    const own = list.next();
    list.onConnected(own);

    expect(list.update(servers(1, 4), own)).toBe('stay');

    const round = take(list, 4);
    expect(round.toSorted()).toEqual(names(servers(1, 4)));
    expect(round.at(-1)).toBe(formatServer(own));
  });

  test('a client that was never connected has no place: it stays, and takes any server of the new list', () => {
    const random = seeded(9);
    const load = new Load();
    for (let i = 0; i < CLIENTS; i++) {
      const list = new ServerList(servers(1, 7), random);
      expect(list.update(servers(1, 9), undefined)).toBe('stay');
      load.add(list.next());
    }

    load.expectEven(servers(1, 9));
  });
});

test('an attempt at a kept server goes on, however often the same list is heard', () => {
  for (let seed = 0; seed < 100; seed++) {
    const list = new ServerList(servers(1, 4), seeded(seed));
    const tried = list.next();
    const answers = Array.from({ length: 3 }, () => list.update(servers(1, 4), tried));

    expect(answers).toEqual(['stay', 'stay', 'stay']);
    expect(list.next()).not.toEqual(tried);
  }
});

describe('while it looks for a new place', () => {
  // StaticHostProviderTest.testUpdateMigrationGoesRound.
  test('more servers, its own is gone: every added server, then every kept one, then turns', () => {
    const list = new ServerList(servers(1, 4), seeded(10));
    expect(list.update(servers(3, 12), numbered(1))).toBe('move');

    expect(take(list, 8).toSorted()).toEqual(names(servers(5, 12)));
    expect(take(list, 2).toSorted()).toEqual(names(servers(3, 4)));

    const round = take(list, 10);
    expect(round.toSorted()).toEqual(names(servers(3, 12)));
    expect(take(list, 10)).toEqual(round);
  });

  test('fewer servers: kept and added ones by the odds of an even load', () => {
    // 5 servers, 2 of them kept, 1 added: a client of the 3 that went goes to a kept one in 2*(5-3) / (3*(5-2)) of cases.
    const random = seeded(11);
    let toKept = 0;
    for (let i = 0; i < CLIENTS; i++) {
      const list = new ServerList(servers(1, 5), random);
      expect(list.update(servers(4, 6), numbered(1))).toBe('move');
      if (formatServer(list.next()) !== formatServer(numbered(6))) toKept++;
    }

    expectWithin(toKept, (CLIENTS * 4) / 9);
  });

  test('a server that all are told to leave for others is tried by none', () => {
    const list = new ServerList(servers(1, 3), seeded(12));
    expect(list.update(servers(4, 6), numbered(2))).toBe('move');

    expect(take(list, 6).toSorted()).toEqual(names([...servers(4, 6), ...servers(4, 6)]));
  });

  test('a connection ends the search', () => {
    const list = new ServerList(servers(1, 4), seeded(13));
    expect(list.update(servers(3, 12), numbered(1))).toBe('move');
    const place = list.next();
    list.onConnected(place);

    const round = take(list, 10);

    expect(round.toSorted()).toEqual(names(servers(3, 12)));
    expect(round.at(-1)).toBe(formatServer(place));
  });

  test('who was told to move is told so again, unless a server that is being tried is kept', () => {
    for (let seed = 0; seed < 100; seed++) {
      const list = new ServerList(servers(1, 4), seeded(seed));
      list.onConnected(numbered(1));

      const answers = Array.from({ length: 3 }, () => list.update(servers(2, 4), numbered(1)));
      expect(answers).toEqual(['move', 'move', 'move']);

      const tried = list.next();
      expect(names(servers(2, 4))).toContain(formatServer(tried));
      expect(list.update(servers(2, 4), tried)).toBe('stay');
    }
  });

  test('a server that is being tried is where the client is, when the list changes again', () => {
    const list = new ServerList(servers(1, 4), seeded(14));
    expect(list.update(servers(3, 12), numbered(1))).toBe('move');
    const tried = list.next();

    expect(list.update(servers(3, 12), tried)).toBe('stay');
    const others = servers(3, 12).filter((server) => formatServer(server) !== formatServer(tried));
    expect(list.update(others, tried)).toBe('move');
  });
});

describe('the load', () => {
  // StaticHostProviderTest.testUpdateLoadBalancing: 9 servers, then 8, 6, 8 of which one is gone, 9.
  test('stays even while servers go and come', () => {
    const clients = crowd(9, 20);
    expectLoad(clients, servers(1, 9));

    for (const [from, to] of [
      [1, 8],
      [1, 6],
      [2, 9],
      [1, 9],
    ] as const) {
      for (const client of clients) client.update(servers(from, to));
      expectLoad(clients, servers(from, to));
    }
  });

  test('is even after servers were replaced by as many others', () => {
    const clients = crowd(6, 21);

    for (const client of clients) client.update(servers(4, 9));

    expectLoad(clients, servers(4, 9));
  });

  // StaticHostProviderTest.testNoCurrentHostDuringNormalMode.
  test('is even when half of the clients have no connection as the list changes', () => {
    const clients = crowd(9, 22);

    for (const [i, client] of clients.entries()) {
      if (i % 2 === 0) client.lose();
      client.update(servers(1, 7));
    }
    expectLoad(clients, servers(1, 7));

    for (const [i, client] of clients.entries()) {
      if (i % 2 === 0) client.lose();
      client.update(servers(1, 8));
    }
    expectLoad(clients, servers(1, 8));
  });

  test('is even when clients whose attempts fail hear of more servers', () => {
    const clients = crowd(6, 25);

    for (const client of clients) {
      client.lose();
      client.try();
      client.hear(servers(1, 9));
      client.lose();
      client.settle();
    }

    expectLoad(clients, servers(1, 9));
  });

  // StaticHostProviderTest.testReconfigDuringReconfigMode.
  test('is even when the list changes again before anybody has moved', () => {
    const clients = crowd(9, 23);

    for (const [i, client] of clients.entries()) {
      client.hear(servers(1, 7));
      if (i % 2 === 0) client.hear(servers(1, 7));
      client.hear(servers(1, 9));
      client.settle();
    }

    expectLoad(clients, servers(1, 9));
  });

  test('is even when the client has dropped its connection, and the list changes again before it has another', () => {
    const clients = crowd(9, 24);

    for (const client of clients) {
      client.hear(servers(3, 9));
      client.drop();
      client.hear(servers(3, 11));
      client.settle();
    }

    expectLoad(clients, servers(3, 11));
  });
});

test('after any changes: who stays is at a listed server, and every server has its turn', () => {
  const change = fc.record({
    list: fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { minLength: 1 }),
    step: fc.constantFrom('nothing', 'drop', 'try', 'settle'),
  });
  const someChanges = fc.array(change, { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.integer(), someChanges, (seed, changes) => {
      const client = new VirtualClient(servers(1, 4), seeded(seed));
      client.settle();
      for (const { list, step } of changes) {
        const next = list.map(numbered);
        client.hear(next);
        if (!client.mustMove && client.current !== undefined) {
          expect(names(next)).toContain(formatServer(client.current));
        }
        if (step === 'drop') client.drop();
        if (step === 'try') client.try();
        if (step === 'settle') client.settle();
      }
      const last = changes.at(-1)!.list.map(numbered);

      // Whatever was promised or drawn is gone through by then.
      take(client.list, 2 * last.length);
      expect(take(client.list, last.length).toSorted()).toEqual(names(last));
    }),
  );
});

/** What a client does with its list. Its servers all answer. */
class VirtualClient {
  readonly list: ServerList;
  /** Where it is connected, or trying to be. */
  current: ServerAddress | undefined;
  mustMove = false;

  constructor(some: readonly ServerAddress[], random: () => number) {
    this.list = new ServerList(some, random);
  }

  hear(some: readonly ServerAddress[]): void {
    if (this.list.update(some, this.current) === 'move') this.mustMove = true;
  }

  /** Its connection is gone, by itself. */
  lose(): void {
    this.current = undefined;
  }

  /** Does what it was told. */
  drop(): void {
    if (this.mustMove) this.current = undefined;
    this.mustMove = false;
  }

  try(): void {
    this.drop();
    this.current ??= this.list.next();
  }

  settle(): void {
    this.try();
    this.list.onConnected(this.current!);
  }

  update(some: readonly ServerAddress[]): void {
    this.hear(some);
    this.settle();
  }
}

class Load {
  readonly #clients = new Map<string, number>();

  add(server: ServerAddress): void {
    const key = formatServer(server);
    this.#clients.set(key, (this.#clients.get(key) ?? 0) + 1);
  }

  expectEven(some: readonly ServerAddress[]): void {
    expect([...this.#clients.keys()].toSorted()).toEqual(names(some));
    for (const count of this.#clients.values()) expectWithin(count, CLIENTS / some.length);
  }
}

/** Clients of servers 1 to `size`, all connected. */
function crowd(size: number, seed: number): VirtualClient[] {
  const random = seeded(seed);
  return Array.from({ length: CLIENTS }, () => {
    const client = new VirtualClient(servers(1, size), random);
    client.settle();
    return client;
  });
}

function expectLoad(clients: readonly VirtualClient[], some: readonly ServerAddress[]): void {
  const load = new Load();
  for (const { current } of clients) load.add(current!);
  load.expectEven(some);
}

function expectWithin(count: number, expected: number): void {
  expect(count).toBeGreaterThan(expected * (1 - SLACK));
  expect(count).toBeLessThan(expected * (1 + SLACK));
}
