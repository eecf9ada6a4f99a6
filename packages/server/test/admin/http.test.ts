import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as streamText } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { type AdminHttpOptions, AdminHttpServer } from '../../src/admin/http.ts';
import { TraceMask } from '../../src/admin/trace-mask.ts';
import { PrometheusExporter } from '../../src/report/prometheus.ts';
import type { ShellFact } from '../../src/report/shell-fact.ts';
import {
  capturedConnections,
  connection,
  FakeAdminView,
  SESSION_A,
  SESSION_B,
} from './fake-admin-view.ts';

const apache = (name: string): string =>
  readFileSync(new URL(`apache-3.8.0/http/${name}.txt`, import.meta.url), 'utf8');

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Started {
  readonly view: FakeAdminView;
  readonly port: number;
  readonly facts: ShellFact[];
}

async function start(options: Partial<AdminHttpOptions> = {}): Promise<Started> {
  const view = new FakeAdminView();
  const facts: ShellFact[] = [];
  const traceMask = new TraceMask();
  traceMask.value = 130n; // as the Apache server whose answers we have was left by stmk
  const server = new AdminHttpServer(
    {
      host: '127.0.0.1',
      port: 0,
      commandPath: '/commands',
      idleTimeoutMs: 30_000,
      forwardedFor: 'ignored',
      isSnapshotOn: true,
      isRestoreOn: true,
      rateLimitIntervalMs: 300_000,
      traceMask,
      ...options,
    },
    {
      view,
      metrics: new PrometheusExporter(
        { summaryWindowMs: 60_000, isProcessInfoExported: false },
        view,
      ),
      report: (fact) => facts.push(fact),
    },
  );
  cleanups.push(() => server.close());
  return { view, port: await server.listen(), facts };
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

function ask(port: number, path: string, asked: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        host: '127.0.0.1',
        port,
        path,
        method: asked.method ?? 'GET',
        headers: asked.headers ?? {},
        agent: false,
      },
      (response) => {
        streamText(response).then(
          (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
          reject,
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(asked.body);
  });
}

const command = async (started: Started, path: string, asked?: Ask): Promise<Answer> =>
  ask(started.port, `/commands/${path}`, asked);

const authorized = { authorization: 'digest root:secret' };

describe('answers, byte by byte those that Apache 3.8.0 gave', () => {
  it.each([
    'configuration',
    'connection_stat_reset',
    'dirs',
    'get_trace_mask',
    'initial_configuration',
    'is_read_only',
    'last_snapshot',
    'leader',
    'observer_connection_stat_reset',
    'observers',
    'ruok',
    'stat_reset',
    'voting_view',
    'watch_summary',
    'zabstate',
    'nonsense',
  ])('%s', async (name) => {
    const answer = await command(await start(), name);
    expect(answer.body).toBe(apache(name));
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
  });

  it('connections', async () => {
    const started = await start();
    started.view.connectionList = [
      connection({
        remotePort: 52448,
        sessionId: SESSION_B,
        sessionTimeoutMs: 30000,
        establishedMs: 1795191450659,
      }),
      connection({
        remotePort: 52442,
        sessionId: SESSION_A,
        sessionTimeoutMs: 8000,
        establishedMs: 1795191450644,
      }),
    ];
    expect((await command(started, 'connections')).body).toBe(apache('connections'));
  });

  it('server_stats and stats', async () => {
    const started = await start();
    const { view } = started;
    view.stats.packetsSent = 10;
    view.stats.packetsReceived = 8;
    view.uptimeMs = 55900;
    view.connectionCount = 2;
    expect((await command(started, 'server_stats')).body).toBe(apache('server_stats'));
    view.uptimeMs = 55904;
    view.connectionList = [connection({ remotePort: 52448 }), connection({ remotePort: 52442 })];
    expect((await command(started, 'stats')).body).toBe(apache('stats'));
  });

  it('dump', async () => {
    const started = await start();
    started.view.buckets = [
      { expiresMs: 1_058_000, sessions: [{ id: SESSION_A, timeoutMs: 8000 }] },
      { expiresMs: 1_080_000, sessions: [{ id: SESSION_B, timeoutMs: 30000 }] },
    ];
    started.view.ephemeralPaths = [
      [SESSION_B, ['/a/eph3']],
      [SESSION_A, ['/eph2', '/eph']],
    ];
    expect((await command(started, 'dump')).body).toBe(apache('dump'));
  });

  it('hash', async () => {
    const started = await start();
    started.view.digests = [
      { zxid: 0x80, digestVersion: 2, digest: 7568632340n },
      { zxid: 0x100, digestVersion: 2, digest: 7159068977n },
    ];
    expect((await command(started, 'hash')).body).toBe(apache('hash'));
  });

  it('watches and watches_by_path', async () => {
    const started = await start();
    started.view.sessionWatches = [
      [SESSION_B, ['/a', '/nope']],
      [SESSION_A, ['/a']],
    ];
    started.view.pathWatches = [
      ['/a', [SESSION_B, SESSION_A]],
      ['/nope', [SESSION_B]],
    ];
    expect((await command(started, 'watches')).body).toBe(apache('watches'));
    expect((await command(started, 'watches_by_path')).body).toBe(apache('watches_by_path'));
  });

  it('set_trace_mask', async () => {
    const started = await start();
    expect((await command(started, 'set_trace_mask?traceMask=130')).body).toBe(
      apache('set_trace_mask'),
    );
    expect((await command(started, 'set_trace_mask')).body).toBe(
      '{\n  "error" : "setTraceMask requires long traceMask argument",\n  "command" : "set_trace_mask"\n}',
    );
    const bad = await command(started, 'set_trace_mask?traceMask=1e3');
    expect(bad.body).toContain('requires long traceMask argument, got 1e3');
  });

  it('environment and monitor have every field that Apache has', async () => {
    const started = await start();
    const names = (body: string) => Object.keys(JSON.parse(body));
    const environment = names((await command(started, 'environment')).body);
    expect(environment).toEqual(expect.arrayContaining(names(apache('environment'))));
    const monitor = names((await command(started, 'monitor')).body);
    // Sets have one field for each znode that clients used.
    const fixed = names(apache('monitor')).filter((name) => !name.endsWith('_per_namespace'));
    expect(monitor).toEqual(expect.arrayContaining(fixed));
  });

  it('the list of commands, with those that came after 3.8', async () => {
    const started = await start();
    const links = (html: string) => html.match(/<a href="[^"]+">[a-z_]+<\/a>\n<br\/>/g) ?? [];
    for (const path of ['/commands', '/commands/']) {
      const answer = await ask(started.port, path);
      expect(links(answer.body)).toEqual(expect.arrayContaining(links(apache('index'))));
      expect(links(answer.body).length - links(apache('index')).length).toBe(3);
    }
  });
});

describe('names and methods', () => {
  it('knows each command by each of its names and answers with the first', async () => {
    const started = await start();
    const aliases: Record<string, string[]> = {
      configuration: ['conf', 'config'],
      connection_stat_reset: ['crst'],
      connections: ['cons'],
      environment: ['env', 'envi'],
      get_trace_mask: ['gtmk'],
      initial_configuration: ['icfg'],
      is_read_only: ['isro'],
      last_snapshot: ['lsnp'],
      leader: ['lead'],
      monitor: ['mntr'],
      observer_connection_stat_reset: ['orst'],
      observers: ['obsr'],
      server_stats: ['srvr'],
      set_trace_mask: ['stmk'],
      stats: ['stat'],
      stat_reset: ['srst'],
      system_properties: ['sysp'],
      watches: ['wchc'],
      watches_by_path: ['wchp'],
      watch_summary: ['wchs'],
    };
    for (const [name, others] of Object.entries(aliases)) {
      for (const alias of [name, ...others]) {
        expect(JSON.parse((await command(started, alias)).body).command).toBe(name);
      }
    }
  });

  it('answers HEAD without a body, OPTIONS with the methods, and refuses the rest', async () => {
    const started = await start();
    const head = await command(started, 'ruok', { method: 'HEAD' });
    expect([head.status, head.body, head.headers['content-length']]).toEqual([200, '', '42']);
    const options = await command(started, 'ruok', { method: 'OPTIONS' });
    expect([options.status, options.headers['allow']]).toEqual([200, 'GET, HEAD, POST, OPTIONS']);
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      expect((await command(started, 'ruok', { method })).status).toBe(405);
    }
    expect((await command(started, 'ruok', { method: 'TRACE' })).status).toBe(403);
    expect((await command(started, 'ruok', { method: 'POST' })).status).toBe(405);
    expect((await command(started, 'restore', { headers: authorized })).status).toBe(405);
  });

  it('answers 404 beside the base path, which may be another', async () => {
    const started = await start({ commandPath: '/zk/admin' });
    expect((await ask(started.port, '/')).status).toBe(404);
    expect((await ask(started.port, '/commands/ruok')).status).toBe(404);
    expect((await ask(started.port, '/commandsX')).status).toBe(404);
    expect((await ask(started.port, '/zk/admin/ruok')).status).toBe(200);
    expect((await ask(started.port, '/zk/admin')).body).toContain('href="/zk/admin/ruok"');
  });
});

describe('a server that does not serve', () => {
  it('says so with status 200, except where the server is not needed', async () => {
    const started = await start();
    started.view.isServing = false;
    const answer = await command(started, 'dirs');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({
      command: 'dirs',
      error: 'This ZooKeeper instance is not currently serving requests',
    });
    expect(JSON.parse((await command(started, 'environment')).body).error).toBeNull();
  });
});

describe('system_properties', () => {
  it('lists the properties sorted by name', async () => {
    const started = await start();
    started.view.properties = [
      ['zookeeper.snapCount', '100'],
      ['jute.maxbuffer', '1048575'],
    ];
    const names = Object.keys(JSON.parse((await command(started, 'sysp')).body));
    expect(names.slice(0, -2)).toEqual([...names.slice(0, -2)].sort());
    expect(names).toEqual(expect.arrayContaining(['jute.maxbuffer', 'zookeeper.snapCount']));
  });
});

describe('protected commands', () => {
  it.each([
    ['snapshot', 'GET'],
    ['restore', 'POST'],
    ['shed_connections', 'POST'],
  ])('%s needs a proof and every permission on "/"', async (name, method) => {
    const started = await start();
    const missing = await command(started, name, { method });
    expect(missing.status).toBe(401);
    expect(JSON.parse(missing.body).error).toBe('Auth info is missing for the command');
    for (const authorization of [
      'digest root:wrong',
      'digest',
      'basic cm9vdA==',
      'digest a b c',
      '',
    ]) {
      const refused = await command(started, name, { method, headers: { authorization } });
      expect(refused.status).toBe(401);
    }
    const poor = await command(started, name, { method, headers: { authorization: 'ip' } });
    expect(poor.status).toBe(403);
    expect(JSON.parse(poor.body)).toEqual({ command: name, error: 'Not authorized' });
    expect(started.facts).toContainEqual({
      kind: 'admin-command',
      command: name,
      address: '127.0.0.1',
      status: 403,
    });
  });

  it('believes X-Forwarded-For only when told to', async () => {
    const headers = { authorization: 'ip', 'x-forwarded-for': '10.0.0.1, 10.0.0.2' };
    const suspicious = await start();
    await command(suspicious, 'snapshot', { headers });
    expect(suspicious.view.authenticated).toEqual([['ip', undefined, '127.0.0.1']]);
    const trusting = await start({ forwardedFor: 'trusted' });
    await command(trusting, 'snapshot', { headers });
    expect(trusting.view.authenticated).toEqual([['ip', undefined, '10.0.0.1']]);
  });
});

describe('snapshot', () => {
  async function withSnapshot(options: Partial<AdminHttpOptions> = {}) {
    const started = await start(options);
    const dir = mkdtempSync(join(tmpdir(), 'zooid-admin-'));
    cleanups.push(() => rmSync(dir, { recursive: true }));
    const path = join(dir, 'snapshot.1f');
    writeFileSync(path, 'the bytes of a snapshot');
    started.view.takeSnapshot = async () => ({ path, sizeBytes: 23, zxid: 0x1f });
    return started;
  }

  it('streams the file and names its zxid and size', async () => {
    const started = await withSnapshot();
    const answer = await command(started, 'snapshot', { headers: authorized });
    expect(answer.status).toBe(200);
    expect(answer.body).toBe('the bytes of a snapshot');
    expect(answer.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      last_zxid: '0x1f',
      snapshot_size: '23',
    });
  });

  it('only takes it when streaming is not wanted', async () => {
    const started = await withSnapshot();
    const answer = await command(started, 'snap?streaming=false', { headers: authorized });
    expect(JSON.parse(answer.body)).toEqual({ command: 'snapshot', error: null });
    expect(answer.headers['last_zxid']).toBe('0x1f');
  });

  it('is limited to one in each interval', async () => {
    const started = await withSnapshot({ rateLimitIntervalMs: 1000 });
    const status = async () => (await command(started, 'snapshot', { headers: authorized })).status;
    expect([await status(), await status()]).toEqual([200, 429]);
    expect(started.view.stats.snapshotsRateLimited).toBe(1);
    started.view.elapsedNowMs += 1001;
    expect(await status()).toBe(200);
  });

  it('answers 503 when it is off or not there, 500 when it fails', async () => {
    const off = await withSnapshot({ isSnapshotOn: false });
    expect((await command(off, 'snapshot', { headers: authorized })).status).toBe(503);
    const absent = await start();
    expect((await command(absent, 'snapshot', { headers: authorized })).status).toBe(503);
    const failing = await start();
    failing.view.takeSnapshot = () => Promise.reject(new Error('no space left'));
    const answer = await command(failing, 'snapshot', { headers: authorized });
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.body).error).toBe('Snapshot failed: no space left');
    expect(failing.view.stats.snapshotErrors).toBe(1);
    const withoutZxid = await withSnapshot();
    withoutZxid.view.isLastZxidSerialized = false;
    expect((await command(withoutZxid, 'snapshot', { headers: authorized })).status).toBe(500);
  });
});

describe('restore', () => {
  it('hands the body to the server and answers with the last zxid', async () => {
    const started = await start();
    let got = '';
    started.view.restore = async (body) => {
      got = await streamText(body);
      return 4711;
    };
    const body = 'x'.repeat(300_000);
    const answer = await command(started, 'restore', { method: 'POST', headers: authorized, body });
    expect(JSON.parse(answer.body)).toEqual({ last_zxid: 4711, command: 'restore', error: null });
    expect(got).toBe(body);
  });

  it('answers 500 even when the server threw the body away half read', async () => {
    const started = await start();
    started.view.restore = async (body) => {
      body.destroy();
      throw new Error('not a snapshot');
    };
    const answer = await command(started, 'restore', {
      method: 'POST',
      headers: authorized,
      body: Buffer.alloc(500_000),
    });
    expect(answer.status).toBe(500);
    expect(started.view.stats.restoreErrors).toBe(1);
  });

  it('answers 503 when it is off or not there', async () => {
    const absent = await start();
    const ask503 = { method: 'POST', headers: authorized, body: 'x' };
    expect((await command(absent, 'restore', ask503)).status).toBe(503);
    const off = await start({ isRestoreOn: false });
    off.view.restore = async () => 1;
    expect((await command(off, 'restore', ask503)).status).toBe(503);
  });
});

describe('shed_connections', () => {
  const shed = async (started: Started, body: string) =>
    command(started, 'shed', { method: 'POST', headers: authorized, body });

  it('closes the share that is asked for', async () => {
    const started = await start();
    expect(JSON.parse((await shed(started, '{"percentage": 50}')).body)).toEqual({
      connections_shed: 2,
      percentage_requested: 50,
      command: 'shed_connections',
      error: null,
    });
    expect(started.view.shedPercentages).toEqual([50]);
  });

  it.each([
    '',
    '{',
    '[]',
    '{"percentage": 101}',
    '{"percentage": -1}',
    '{"percentage": "all"}',
    `{"x": "${'y'.repeat(20_000)}"}`,
  ])('refuses the body %.20s with 400 and closes nothing', async (body) => {
    const started = await start();
    expect((await shed(started, body)).status).toBe(400);
    expect(started.view.shedPercentages).toEqual([]);
  });
});

describe('health', () => {
  it('is ready and alive while the server serves', async () => {
    const { port } = await start();
    expect(await ask(port, '/livez')).toMatchObject({ status: 200, body: 'alive\n' });
    expect(await ask(port, '/readyz')).toMatchObject({ status: 200, body: 'ready\n' });
  });

  it('tells why it is not ready, as text or as JSON', async () => {
    const { port, view } = await start();
    view.notReadyReason = 'the disk is full';
    expect(await ask(port, '/readyz')).toMatchObject({
      status: 503,
      body: 'not ready: the disk is full\n',
    });
    const json = await ask(port, '/readyz', { headers: { accept: 'application/json' } });
    expect(JSON.parse(json.body)).toMatchObject({
      status: 'not ready',
      reason: 'the disk is full',
    });
    expect((await ask(port, '/livez')).status).toBe(200);
    view.notReadyReason = undefined;
    view.isServing = false;
    expect((await ask(port, '/readyz')).body).toBe(
      'not ready: the server is not serving requests\n',
    );
  });

  it('is not ready when it is not alive', async () => {
    const { port, view } = await start();
    view.notAliveReason = 'the event loop hangs';
    expect((await ask(port, '/livez')).status).toBe(503);
    expect((await ask(port, '/readyz')).status).toBe(503);
  });
});

describe('bad callers', () => {
  function raw(port: number, bytes: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      let got = '';
      socket.on('data', (chunk) => {
        got += chunk;
      });
      socket.on('close', () => resolve(got));
      socket.on('error', reject);
      socket.end(bytes);
    });
  }

  it('answers what is no HTTP with 400', async () => {
    const { port } = await start();
    expect(await raw(port, 'stat\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
    expect(await raw(port, 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n')).toBe('');
  });

  it('survives broken escapes, long URLs and a command that fails', async () => {
    const { port, view, facts } = await start();
    expect((await ask(port, '/commands/%zz')).status).toBe(200);
    expect((await ask(port, `/commands/${'x'.repeat(5000)}`)).status).toBe(414);
    view.dataDirBytes = () => {
      throw new Error('EIO');
    };
    const answer = await ask(port, '/commands/dirs');
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain('EIO');
    expect(facts).toContainEqual({ kind: 'admin-failed', command: 'dirs', reason: 'EIO' });
  });

  it('does not lose the answer to a refused request with a large body', async () => {
    const { port } = await start();
    const answer = await ask(port, '/commands/restore', {
      method: 'POST',
      body: Buffer.alloc(400_000),
    });
    expect(answer.status).toBe(401);
  });
});

describe('metrics on the admin port', () => {
  it('are those of Prometheus', async () => {
    const { port, view } = await start();
    view.connectionList = capturedConnections();
    const answer = await ask(port, '/metrics');
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(answer.body).toContain('\nznode_count 10\n');
  });
});
