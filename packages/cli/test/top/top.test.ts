import picocolors from 'picocolors';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runCommandLine } from '../../src/program.ts';
import { renderLine } from '../../src/terminal/text-table.ts';
import type { ServerLook } from '../../src/top/look-at-server.ts';
import { runTop, type TopOptions } from '../../src/top/run-top.ts';
import type { ServerFacts } from '../../src/top/server-facts.ts';
import { ServerTable, type SortKey } from '../../src/top/top-view.ts';
import { parseHosts } from '../../src/words/parse-hosts.ts';
import { FakeParts } from '../support/fake-parts.ts';
import { FakeTerminal } from '../support/fake-terminal.ts';
import { type WordAnswers, WordServer } from '../support/word-server.ts';

const plain = picocolors.createColors(false);

const facts: ServerFacts = {
  role: 'follower',
  version: '3.9.4',
  latencyMs: { min: 0, avg: 1.26, max: 9 },
  receivedCount: 100,
  sentCount: 200,
  connectionCount: 3,
  sessionCount: undefined,
  outstandingCount: 0,
  nodeCount: 10,
  watchCount: 4,
  zxid: '0x1f',
};

function answers(overrides: Partial<ServerFacts> = {}): ServerLook {
  return { kind: 'answers', facts: { ...facts, ...overrides }, connections: undefined };
}

function textOf(table: ServerTable, key: SortKey, direction: 'default' | 'reversed' = 'default') {
  return table.lines({ key, direction }).map((line) => renderLine(line, plain).trimEnd());
}

describe('the table of servers', () => {
  test('shows what is known, and a line for what is wrong', () => {
    const table = new ServerTable(['a:1', 'b:1', 'c:1']);
    table.update('a:1', answers(), 0);
    table.update('b:1', { kind: 'problem', reason: 'refuses connections' }, 0);
    expect(textOf(table, 'server')).toEqual([
      'SERVER*  ROLE      VERSION  MIN/AVG/MAX MS  CONNS  OUTST  ZNODES  WATCHES  ZXID  RECV/S  SENT/S',
      'a:1      follower  3.9.4           0/1.3/9      3      0      10        4  0x1f       -       -',
      'b:1      down      -                     -      -      -       -        -     -       -       -',
      'c:1      ...       -                     -      -      -       -        -     -       -       -',
      '',
      'b:1 refuses connections',
    ]);
  });

  test('tells rates between two looks, but not over a reset of the counts', () => {
    const table = new ServerTable(['a:1']);
    table.update('a:1', answers(), 1000);
    table.update('a:1', answers({ receivedCount: 150, sentCount: 201 }), 3000);
    expect(textOf(table, 'server')[1]).toMatch(/ 25 +1$/);
    table.update('a:1', answers({ receivedCount: 3, sentCount: 202 }), 4000);
    expect(textOf(table, 'server')[1]).toMatch(/ - +1$/);
  });

  test('is sorted by name with numbers as numbers, by role, or by a number from the greatest', () => {
    const table = new ServerTable(['zk10:1', 'zk9:1', 'zk1:1', 'down:1']);
    table.update('zk10:1', answers({ role: 'follower', zxid: '0x9', nodeCount: 7 }), 0);
    table.update(
      'zk9:1',
      answers({ role: 'leader', zxid: '0x100000000', nodeCount: undefined }),
      0,
    );
    table.update('zk1:1', answers({ role: 'observer', zxid: '0xa', nodeCount: 70 }), 0);
    table.update('down:1', { kind: 'problem', reason: 'is gone' }, 0);
    const order = (key: SortKey, direction?: 'reversed') =>
      textOf(table, key, direction)
        .slice(1, 5)
        .map((line) => line.split(':')[0]);
    expect(order('server')).toEqual(['down', 'zk1', 'zk9', 'zk10']);
    expect(order('server', 'reversed')).toEqual(['zk10', 'zk9', 'zk1', 'down']);
    expect(order('role')).toEqual(['zk9', 'zk10', 'zk1', 'down']);
    expect(order('zxid')).toEqual(['zk9', 'zk1', 'zk10', 'down']);
    expect(order('nodes')).toEqual(['zk1', 'zk10', 'zk9', 'down']);
  });

  test('lists the busiest connections, those with a queue first, and says who keeps silent', () => {
    const table = new ServerTable(['a:1', 'b:1']);
    const connection = (client: string, queuedCount: number, receivedCount: number) => ({
      client,
      session: '0x1',
      queuedCount,
      receivedCount,
      sentCount: 0,
      lastOperation: 'PING',
      latencyMsAvg: 0,
    });
    const connections = [
      connection('few', 0, 1),
      connection('many', 0, 9),
      connection('stuck', 5, 2),
      { ...connection('word', 0, 1), session: undefined },
    ];
    table.update('a:1', { kind: 'answers', facts, connections }, 0);
    table.update('b:1', answers(), 0);
    const lines = table.connectionLines(2).map((line) => renderLine(line, plain).trimEnd());
    expect(lines.map((line) => line.split('  ')[0])).toEqual([
      'CLIENT',
      'stuck',
      'many',
      'and 1 more',
      'cons is not in the whitelist of b:1',
    ]);
  });
});

const SRVR =
  'Zookeeper version: 3.9.4, built on x\nLatency min/avg/max: 0/0.5/3\nReceived: 7\nSent: 6\n' +
  'Connections: 1\nOutstanding: 0\nZxid: 0x5\nMode: leader\nNode count: 5\n';
const MNTR = 'zk_version\t3.9.4, built on x\nzk_server_state\tleader\nzk_watch_count\t12\n';

/** A server with only these words in its whitelist. */
function whitelist(words: Readonly<Record<string, string>>): WordAnswers {
  return (word) => words[word] ?? `${word} is not executed because it is not in the whitelist.\n`;
}

describe('zooid top --once', () => {
  async function json(words: WordAnswers): Promise<unknown> {
    const parts = new FakeParts();
    const server = await WordServer.start(words);
    await runCommandLine(['top', server.host, '--json', '-c'], parts);
    return (JSON.parse(parts.out) as unknown[])[0];
  }

  test('joins srvr, mntr and cons', async () => {
    const cons = ' /127.0.0.1:1[1](queued=0,recved=2,sent=3,sid=0x1)\n';
    expect(await json(whitelist({ srvr: SRVR, mntr: MNTR, cons }))).toMatchObject({
      role: 'leader',
      zxid: '0x5',
      watchCount: 12,
      latencyMs: { min: 0, avg: 0.5, max: 3 },
      connections: [{ client: '127.0.0.1:1', session: '0x1' }],
    });
  });

  test.each([
    ['srvr', { srvr: SRVR }, { role: 'leader', nodeCount: 5, zxid: '0x5' }],
    ['mntr', { mntr: MNTR }, { role: 'leader', watchCount: 12 }],
    ['stat', { stat: `Clients:\n /127.0.0.1:1[1](queued=0)\n\n${SRVR}` }, { nodeCount: 5 }],
  ])('makes do with %s alone', async (_, words, expected) => {
    expect(await json(whitelist(words))).toMatchObject(expected);
  });

  test.each([
    ['a server without any of them', whitelist({}), /whitelist/],
    [
      'one that is starting',
      () => 'This ZooKeeper instance is not currently serving requests\n',
      /not serving/,
    ],
    ['another program', () => 'HTTP/1.1 400 Bad Request\r\n', /not that of a ZooKeeper/],
  ])('says what is wrong with %s', async (_, words, reason) => {
    expect(await json(words as WordAnswers)).toEqual({
      host: expect.any(String),
      problem: expect.stringMatching(reason),
    });
  });

  test('prints one table in a pipe, and ends with 1 unless all servers answer', async () => {
    const parts = new FakeParts();
    const server = await WordServer.start(whitelist({ srvr: SRVR, mntr: MNTR }));
    const gone = await WordServer.start(() => '');
    await gone.stop();
    expect(await runCommandLine(['top', server.host], parts)).toBe(0);
    expect(parts.out.split('\n')).toHaveLength(3);
    expect(await runCommandLine(['top', server.host, gone.host], parts)).toBe(1);
    expect(parts.out).toContain(`${gone.host} refuses connections`);
  });

  test.each([[['--sort', 'color']], [['--interval', '0']], [['a:b:c']]])(
    'ends with 2 for the arguments %j',
    async (args) => {
      expect(await runCommandLine(['top', ...args], new FakeParts())).toBe(2);
    },
  );
});

describe('the live view', () => {
  async function start(words: WordAnswers, overrides: Partial<TopOptions> = {}) {
    const server = await WordServer.start(words);
    const terminal = new FakeTerminal({ columns: 120, rows: 14 });
    const end = new AbortController();
    const options: TopOptions = {
      servers: parseHosts([server.host]),
      // Only a key asks again.
      intervalMs: 3_600_000,
      timeoutMs: 20_000,
      order: { key: 'server', direction: 'default' },
      scope: 'server',
      ...overrides,
    };
    const ended = runTop(options, terminal, plain, end.signal);
    onTestFinished(async () => {
      end.abort();
      await ended;
    });
    return { server, terminal, end, ended };
  }

  test('shows the servers, asks again for a space, and ends with q', async () => {
    const { server, terminal, ended } = await start(whitelist({ srvr: SRVR }));
    await terminal.until(/ leader .* 0x5 /);
    expect(terminal.text).toContain('1 of 1 servers answer');
    expect(terminal.lines.at(-1)).toMatch(/^q quit/);
    server.answers = whitelist({ srvr: SRVR.replace('0x5', '0x6') });
    terminal.type(' ');
    await terminal.until(/ 0x6 /);
    terminal.type('q');
    await ended;
    expect([terminal.isTaken, terminal.isListening]).toEqual([false, false]);
  });

  test('asks again by itself', async () => {
    let count = 0;
    const { terminal } = await start(
      (word) => (word === 'srvr' ? SRVR.replace('0x5', `0x${++count}`) : MNTR),
      {
        intervalMs: 1,
      },
    );
    await terminal.until(/ 0x3 /);
  });

  test('sorts by the next column, and the other way round', async () => {
    const { terminal } = await start(whitelist({ srvr: SRVR }));
    await terminal.until(/SERVER\*/);
    terminal.type('s');
    await terminal.until(/ROLE\*/);
    terminal.type('\u001b[D\u001b[D');
    await terminal.until(/SENT\/S\*/);
    terminal.type('o');
    await terminal.until(/SENT\/S\*/);
  });

  test('shows connections for c, and no more lines than the terminal has', async () => {
    const cons = Array.from(
      { length: 30 },
      (_, index) =>
        ` /10.0.0.${index}:1[1](queued=0,recved=${index + 2},sent=3,sid=0x${index + 1})\n`,
    ).join('');
    const { terminal } = await start(whitelist({ srvr: SRVR, cons }));
    terminal.type('c');
    await terminal.until(/10\.0\.0\.29:1/);
    expect(terminal.lines).toHaveLength(14);
    expect(terminal.text).toMatch(/and \d+ more/);
    terminal.resize({ columns: 30, rows: 5 });
    expect(terminal.lines).toHaveLength(5);
    expect(Math.max(...terminal.lines.map((line) => line.length))).toBeLessThanOrEqual(30);
    expect(terminal.lines.at(-1)).toMatch(/^q quit/);
  });

  test('resets statistics for r', async () => {
    const { server, terminal } = await start(
      whitelist({ srvr: SRVR, srst: 'Server stats reset.\n' }),
    );
    await terminal.until(/leader/);
    terminal.type('r');
    await terminal.until(/Statistics of 1 of 1 servers were reset\./);
    expect(server.words).toContain('srst');
    server.answers = whitelist({ srvr: SRVR });
    terminal.type('r');
    await terminal.until(/0 of 1 servers were reset; srst is not in the whitelist/);
  });

  test('ends at once while a server keeps it waiting, for ctrl-c and for a signal', async () => {
    const first = await start(() => undefined);
    first.terminal.type('\u0003');
    await first.ended;
    const second = await start(() => undefined);
    second.end.abort();
    await second.ended;
    expect([first.terminal.isTaken, second.terminal.isTaken]).toEqual([false, false]);
  });
});
