import { beforeEach, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../src/program.ts';
import { askWord } from '../../src/words/ask-word.ts';
import { parseHosts } from '../../src/words/parse-hosts.ts';
import { keysAndValues } from '../../src/words/word-answer.ts';
import { FakeParts } from '../support/fake-parts.ts';
import { WordServer } from '../support/word-server.ts';

let parts: FakeParts;

beforeEach(() => {
  parts = new FakeParts();
});

function run(...args: readonly string[]): Promise<number> {
  return runCommandLine(['4lw', ...args], parts);
}

describe('zooid 4lw', () => {
  test('prints the answer of one server as it is', async () => {
    const server = await WordServer.start((word) => `answer to ${word}`);
    expect(await run('ruok', server.host)).toBe(0);
    expect(parts.out).toBe('answer to ruok');
  });

  test('asks several servers and prints each answer under its name, in their order', async () => {
    const one = await WordServer.start(() => 'first\n');
    const two = await WordServer.start(() => 'second');
    expect(await run('stat', `${one.host},${two.host}/chroot`)).toBe(0);
    expect(parts.out).toBe(`==> ${one.host} <==\nfirst\n==> ${two.host} <==\nsecond\n`);
  });

  test('prints JSON, with keys and values where an answer has them', async () => {
    const one = await WordServer.start(() => 'zk_version\t3.9\nzk_znode_count\t5\n');
    const two = await WordServer.start(() => 'imok');
    expect(await run('mntr', one.host, two.host, '--json')).toBe(0);
    expect(JSON.parse(parts.out)).toEqual([
      {
        host: one.host,
        answer: 'zk_version\t3.9\nzk_znode_count\t5\n',
        values: { zk_version: '3.9', zk_znode_count: '5' },
      },
      { host: two.host, answer: 'imok' },
    ]);
  });

  test('ends with 1 when one of the servers does not answer, and prints what the others say', async () => {
    const one = await WordServer.start(() => 'imok');
    const gone = await WordServer.start(() => '');
    await gone.stop();
    expect(await run('ruok', gone.host, one.host)).toBe(1);
    expect(parts.out).toBe(`==> ${one.host} <==\nimok\n`);
    expect(parts.errors).toContain(`zooid: ${gone.host} refuses connections`);
  });

  test('names the remedy for a word that is not in the whitelist', async () => {
    const server = await WordServer.start(
      (word) => `${word} is not executed because it is not in the whitelist.\n`,
    );
    expect(await run('cons', server.host)).toBe(1);
    expect(parts.out).toBe('');
    expect(parts.errors).toContain('Add cons to 4lw.commands.whitelist');
    expect(await run('cons', server.host, '--json')).toBe(1);
    expect(JSON.parse(parts.out)).toEqual([
      { host: server.host, error: expect.stringContaining('not in the whitelist') },
    ]);
  });

  test('takes an empty answer for a word that the server does not know', async () => {
    const server = await WordServer.start(() => '');
    expect(await run('abcd', server.host)).toBe(1);
    expect(parts.errors).toContain('without an answer');
  });

  test('does not wait longer than it may', async () => {
    const server = await WordServer.start(() => undefined);
    expect(await run('mntr', server.host, '--timeout', '50')).toBe(1);
    expect(parts.errors).toContain('did not answer mntr within 50 ms');
  });

  test.each([
    [['srv']],
    [['SRVR']],
    [['srvr', 'a:b:c']],
    [['srvr', 'a:0']],
    [['srvr', 'a:65536']],
    [['srvr', '--timeout', '0']],
    [[]],
  ])('ends with 2 for the arguments %j', async (args) => {
    expect(await run(...args)).toBe(2);
    expect(parts.errors).not.toBe('');
  });
});

test('an answer that does not end is cut off', async () => {
  const server = await WordServer.start(() => 'x'.repeat(1000));
  const [host] = parseHosts([server.host]);
  const limits = { timeoutMs: 10_000, answerBytesMax: 999 };
  await expect(askWord(host!, 'stat', limits)).rejects.toThrow(/more than 999 bytes/);
});

describe('hosts', () => {
  test.each([
    [[], ['localhost:2181']],
    [[''], ['localhost:2181']],
    [
      ['a,b:1', 'c'],
      ['a:2181', 'b:1', 'c:2181'],
    ],
    [['[::1]:1,[fe80::1%eth0]'], ['::1:1', 'fe80::1%eth0:2181']],
    [['a:1,b:2/app/one'], ['a:1', 'b:2']],
  ])('%j are %j', (texts, hosts) => {
    expect(parseHosts(texts).map(({ host, port }) => `${host}:${port}`)).toEqual(hosts);
  });
});

describe('keys and values', () => {
  test.each([
    ['a=1\nb=\n', { a: '1' }],
    ['Environment:\nx.y=1=2\n', { 'x.y': '1=2' }],
    [
      'Latency min/avg/max: 0/0.0/0\nMode: standalone\n',
      { 'Latency min/avg/max': '0/0.0/0', Mode: 'standalone' },
    ],
    ['imok', undefined],
    ['Clients:\n /127.0.0.1:1[1](queued=0)\n', undefined],
    ['', undefined],
  ])('of %j are %j', (answer, values) => {
    expect(keysAndValues(answer)).toEqual(values);
  });
});
