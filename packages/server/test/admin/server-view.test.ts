/** Words, commands and metrics of a server that really runs, with a client that really has a session. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ErrorCode, type JuteWriter, OpCode } from '@zooid/protocol';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FOUR_LETTER_WORD_NAMES } from '../../src/admin/word-names.ts';
import { defaultConfig } from '../../src/config/config.ts';
import type { RunningServer } from '../../src/running-server.ts';
import { startServer } from '../../src/server.ts';
import { askWord, SmallClient } from './small-client.ts';

const EPHEMERAL = 1;
let dir: string;
let server: RunningServer;
let client: SmallClient;

const create = (path: string, data: string, flags: number) => (writer: JuteWriter) => {
  writer.ustring(path);
  writer.buffer(Buffer.from(data));
  writer.int(1);
  writer.int(31);
  writer.ustring('world');
  writer.ustring('anyone');
  writer.int(flags);
};

const read = (path: string) => (writer: JuteWriter) => {
  writer.ustring(path);
  writer.boolean(true);
};

const word = (name: string) => askWord(server.clientPort, name);

async function command(name: string, init?: RequestInit) {
  const answer = await fetch(`http://127.0.0.1:${server.adminPort}/commands/${name}`, init);
  return { status: answer.status, json: JSON.parse(await answer.text()) };
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'zooid-view-'));
  server = await startServer(
    defaultConfig({
      network: { client: { host: '127.0.0.1', port: 0 } },
      storage: { dataDir: dir },
      admin: { isOn: true, listen: { host: '127.0.0.1', port: 0 } },
      fourLetterWords: new Set(FOUR_LETTER_WORD_NAMES),
    }),
    { logger: pino({ level: 'silent' }) },
  );
  client = await SmallClient.open(server.clientPort);
  const steps: [number, (writer: JuteWriter) => void][] = [
    [OpCode.create, create('/app', 'x', 0)],
    [OpCode.create, create('/app/eph', 'y', EPHEMERAL)],
    [OpCode.getData, read('/app')],
    [OpCode.getChildren, read('/app')],
    [OpCode.create, create('/zookeeper/quota/app', '', 0)],
    [OpCode.create, create('/zookeeper/quota/app/zookeeper_limits', 'count=5,bytes=100', 0)],
    [OpCode.create, create('/zookeeper/quota/app/zookeeper_stats', 'count=2,bytes=2', 0)],
  ];
  for (const [op, body] of steps) expect(await client.request(op, body)).toBe(ErrorCode.ok);
});

afterAll(async () => {
  client?.close();
  await server?.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('a running server', () => {
  it('answers every word', async () => {
    for (const name of FOUR_LETTER_WORD_NAMES) {
      if (name === 'srst' || name === 'crst' || name === 'stmk') continue;
      const text = await word(name);
      expect(text, name).not.toMatch(/ failed: |whitelist|not currently/);
      if (name !== 'hash') expect(text, name).not.toBe('');
    }
  });

  it('tells of the session and its ephemerals', async () => {
    const id = `0x${client.sessionId.toString(16)}`;
    const dump = await word('dump');
    expect(dump).toMatch(/^SessionTracker dump:\nSession Sets \(\d+\)\/\(1\):\n/);
    expect(dump).toContain(`\t${id}\n`);
    expect(dump).toContain(`Sessions with Ephemerals (1):\n${id}:\n\t/app/eph\n`);
    expect(dump).toContain(`sessionId: ${id}\n`);
    expect(await word('cons')).toContain(`sid=${id},lop=CREA,est=`);
  });

  it('tells what is watched: data watches in wch*, all in the metric', async () => {
    const id = `0x${client.sessionId.toString(16)}`;
    expect(await word('wchs')).toBe('1 connections watching 1 paths\nTotal watches:1\n');
    expect(await word('wchc')).toBe(`${id}\n\t/app\n\n`);
    expect(await word('wchp')).toBe(`/app\n\t${id}\n\n`);
    expect(await word('mntr')).toContain('\nzk_watch_count\t2\n');
  });

  it('tells what it holds and where', async () => {
    const srvr = await word('srvr');
    expect(srvr).toMatch(/^Zookeeper version: 3\.\d+\.\d+-zooid-[^,]+, built on [^\n]+ UTC\n/);
    expect(srvr).toMatch(/\nMode: standalone\nNode count: 10\n$/);
    const conf = await word('conf');
    expect(conf).toContain(`clientPort=${server.clientPort}\n`);
    expect(conf).toContain(`dataDir=${join(dir, 'version-2')}\n`);
    const { json } = await command('dirs');
    expect(json.datadir_size).toBeGreaterThan(0);
    expect((await command('last_snapshot')).json).toMatchObject({ zxid: '0' });
  });

  it('counts quotas', async () => {
    const mntr = await word('mntr');
    expect(mntr).toContain('\nzk_app_quota_count_limit_per_namespace\t5\n');
    expect(mntr).toContain('\nzk_app_quota_bytes_limit_per_namespace\t100\n');
    expect(mntr).toMatch(/\nzk_app_quota_count_usage_per_namespace\t\d+\n/);
  });

  it('counts requests in mntr, /commands/monitor and /metrics alike', async () => {
    const { json } = await command('monitor');
    const metrics = await (await fetch(`http://127.0.0.1:${server.adminPort}/metrics`)).text();
    const mntr = await word('mntr');
    expect(json.op_count_create).toBe(5);
    expect(metrics).toContain('\nop_count_create 5\n');
    expect(mntr).toContain('\nzk_op_count_create\t5\n');
    expect(json.cnt_updatelatency).toBeGreaterThanOrEqual(5);
    expect(json.packets_received).toBeGreaterThanOrEqual(7);
  });

  it('is ready', async () => {
    const answer = await fetch(`http://127.0.0.1:${server.adminPort}/readyz`);
    expect([answer.status, await answer.text()]).toEqual([200, 'ready\n']);
  });

  it('asks for every permission on "/" once somebody has set an ACL there', async () => {
    const headers = { authorization: 'ip' };
    const open = await fetch(
      `http://127.0.0.1:${server.adminPort}/commands/snapshot?streaming=false`,
      { headers },
    );
    expect(open.status).toBe(200);
    const setAcl = (writer: JuteWriter) => {
      writer.ustring('/');
      writer.int(2);
      writer.int(31);
      writer.ustring('ip');
      writer.ustring('10.9.8.7');
      writer.int(1); // READ alone is not enough
      writer.ustring('world');
      writer.ustring('anyone');
      writer.int(-1);
    };
    expect(await client.request(OpCode.setACL, setAcl)).toBe(ErrorCode.ok);
    expect((await command('snapshot', { headers })).status).toBe(403);
    const wrong = { authorization: 'digest root:wrong' };
    expect((await command('shed', { method: 'POST', headers: wrong, body: '{}' })).status).toBe(
      403,
    );
  });

  it('resets its counters', async () => {
    expect(await word('srst')).toBe('Server stats reset.\n');
    expect(await word('crst')).toBe('Connection stats reset.\n');
    expect(await word('cons')).toContain(',recved=0,sent=0,sid=');
    expect(await word('mntr')).toContain('\nzk_op_count_create\t0\n');
  });
});
