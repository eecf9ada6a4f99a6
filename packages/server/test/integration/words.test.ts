import { fourLetterWords, OpCode } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { askWord, createOf, dataOf, RawClient, until } from '../raw-client.ts';
import { memoryServer } from './test-server.ts';

const allWords = new Set(fourLetterWords);

describe('a four-letter word', () => {
  test.each([...allWords])(
    '%s is answered when it is allowed, and the connection ends',
    async (word) => {
      const server = await memoryServer({ fourLetterWords: allWords });
      const client = await server.stranger();
      const argument = word === 'stmk' ? '\0\0\0\0\0\0\0\x01' : '';
      const answer = await client.text(word + argument);
      expect(answer).not.toContain('not in the whitelist');
      expect(answer).not.toContain(`${word} failed`);
      await server.expectServed();
    },
  );

  test('that is not in the whitelist is answered with that, and does nothing', async () => {
    const server = await memoryServer({ fourLetterWords: new Set() });
    expect(await askWord(server.port, 'srst')).toBe(
      'srst is not executed because it is not in the whitelist.\n',
    );
  });

  test('counts as one packet, on a connection that is read no more', async () => {
    const server = await memoryServer({ fourLetterWords: allWords });
    const stat = await askWord(server.port, 'stat');
    expect(stat).toMatch(/^ \/127\.0\.0\.1:\d+\[0\]\(queued=0,recved=1,sent=0\)$/m);
    expect(stat).toContain('\nReceived: 1\n');
    expect(await askWord(server.port, 'srvr')).toContain('\nReceived: 2\n');
  });

  test('may come in pieces', async () => {
    const server = await memoryServer({ fourLetterWords: allWords });
    const client = await server.stranger();
    client.write('ru');
    await server.expectServed();
    expect(await client.text('ok')).toBe('imok');
  });

  test('may have bytes behind it, as telnet and echo send them', async () => {
    const server = await memoryServer({ fourLetterWords: allWords });
    for (const extra of ['\n', '\r\n', ' and much more'.repeat(1000)]) {
      expect(await askWord(server.port, `ruok${extra}`)).toBe('imok');
    }
  });

  test('of which only a part comes costs nothing', async () => {
    const server = await memoryServer({ fourLetterWords: allWords });
    for (const part of ['r', 'ru', 'ruo']) {
      const client = await server.stranger();
      client.socket.end(part);
      await client.closed();
    }
    await server.expectServed();
  });

  test('that does not exist ends the connection', async () => {
    const server = await memoryServer({ fourLetterWords: allWords });
    for (const word of ['abcd', 'RUOK', 'help', '\0\0\0\0', '    ']) {
      const client = await server.stranger();
      client.write(Buffer.from(word, 'latin1'));
      client.socket.end();
      expect(await client.closed()).toEqual([]);
    }
  });

  test('that telnet sends to close is understood', async () => {
    const server = await memoryServer();
    const client = await server.stranger();
    client.write(Uint8Array.of(0xff, 0xf4, 0xff, 0xfd, 0x06));
    expect(await client.closed()).toEqual([]);
    await server.expectServed();
  });

  test('within a session is a frame that is too long', async () => {
    const server = await memoryServer({ fourLetterWords: allWords });
    const client = await server.client();
    client.write('ruok');
    expect(await client.closed()).toEqual([]);
    await server.log.until('connection cut off', { reason: 'frame-too-long' });
  });

  test('whose asker stays is cut off like one without a session', async () => {
    const server = await memoryServer({
      fourLetterWords: allWords,
      network: { sessionlessTimeoutMs: 50 },
    });
    const client = await RawClient.open(server.port);
    client.socket.allowHalfOpen = true;
    client.write('ruok');
    await client.received(4);
    await until(
      async () => /Connections: 1\n/.test(await askWord(server.port, 'srvr')),
      'one left',
    );
    client.destroy();
  });
});

describe('mntr', () => {
  async function numbers(port: number): Promise<Map<string, number>> {
    const lines = (await askWord(port, 'mntr')).trimEnd().split('\n');
    return new Map(
      lines.map((line) => line.split('\t') as [string, string]).map(([k, v]) => [k, Number(v)]),
    );
  }

  test('tells of the work that was done', async () => {
    const server = await memoryServer({ fourLetterWords: allWords });
    const before = await numbers(server.port);
    const client = await server.client();
    await client.ok(createOf('/a', Buffer.alloc(1000)));
    await client.ok(createOf('/a/e', null, 1));
    for (let i = 0; i < 10; i++) await dataOf(client, '/a');
    await client.ok({ op: OpCode.getData, path: '/a', watch: true });
    const after = await numbers(server.port);
    const grown = (name: string): number => after.get(name)! - before.get(name)!;
    expect(grown('zk_znode_count')).toBe(2);
    expect(grown('zk_ephemerals_count')).toBe(1);
    expect(grown('zk_watch_count')).toBe(1);
    expect(grown('zk_approximate_data_size')).toBeGreaterThanOrEqual(1000);
    expect(grown('zk_packets_received')).toBeGreaterThanOrEqual(14);
    expect(grown('zk_packets_sent')).toBeGreaterThanOrEqual(13);
    expect(after.get('zk_num_alive_connections')).toBe(before.get('zk_num_alive_connections')! + 1);
    expect(after.get('zk_outstanding_requests')).toBe(0);
  });
});
