import { OpCode } from '@zooid/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import * as bodies from '../harness/request-bodies.ts';
import { fourLetterWord, SUPER_DIGEST, TARGET, TestServer } from '../harness/server.ts';
import type { WireSession } from '../harness/wire-client.ts';
import { writeEverything } from '../harness/write-everything.ts';

const missing = missingPeer('apache', 'apacheAdmin');

describe.skipIf(missing !== undefined)(
  suiteTitle('four-letter words and admin commands', missing),
  () => {
    const servers: TestServer[] = [];
    const sessions: WireSession[] = [];

    beforeAll(async () => {
      const options = {
        config: { 'admin.enableServer': 'true', extendedTypesEnabled: 'true' },
        properties: Object.fromEntries([SUPER_DIGEST]),
      };
      servers.push(
        ...(await Promise.all([
          TestServer.start('apache', options),
          TestServer.start(TARGET, options),
        ])),
      );
      for (const { port } of servers) {
        const { owner, second } = await writeEverything(port, '/first');
        await owner.ok(OpCode.getData, bodies.pathAndWatch('/first/plain', 'watch'));
        await owner.ok(OpCode.getChildren, bodies.pathAndWatch('/first', 'watch'));
        await second.ok(OpCode.getData, bodies.pathAndWatch('/first/plain', 'watch'));
        sessions.push(owner, second);
      }
    });

    afterAll(async () => {
      for (const { connection } of sessions) connection.destroy();
      for (const server of servers) await server[Symbol.asyncDispose]();
    });

    /** Takes out what differs from run to run. */
    function normalise(text: string, server: TestServer): string[] {
      return text
        .replaceAll(server.directory, 'DIRECTORY')
        .replaceAll(String(server.port), 'PORT')
        .replaceAll(String(server.adminPort), 'ADMIN')
        .replaceAll(/0x[0-9a-f]{13,16}\b/g, 'SESSION')
        .replaceAll(/127\.0\.0\.1:\d+/g, 'CLIENT')
        .replaceAll(/\w{3} \w{3} \d\d \d\d:\d\d:\d\d \w+ \d{4}/g, 'DATE')
        .replaceAll(/^Zookeeper version: .*/gm, 'VERSION')
        .replaceAll(/^Latency min\/avg\/max: \d+\/\d+\.\d+\/\d+$/gm, 'LATENCY')
        .replaceAll(/\b(est|lresp|llat|minlat|avglat|maxlat)=\d+/g, '$1=N')
        .replaceAll(/(_size|Size)(=|: )\d+/g, '$1$2N')
        .replaceAll(/^(Received|Sent): \d+$/gm, '$1: N') // the words that asked whether it is up count
        .replaceAll(/^(Session|Connections) Sets \(\d+\)/gm, '$1 Sets (N)') // Apache's sets may be empty
        .replaceAll(/^0 expire at DATE:\n/gm, '')
        .split('\n')
        .sort(); // connections and paths come in the order of a hash table
    }

    const WORDS = ['conf', 'cons', 'dirs', 'dump', 'gtmk', 'isro', 'ruok', 'srvr', 'stat', 'wchs'];
    test.each([...WORDS, 'wchc', 'wchp', 'nope'])('%s reads the same', async (word) => {
      const [wanted, got] = await Promise.all(
        servers.map(async (server) => normalise(await fourLetterWord(server.port, word), server)),
      );
      expect(got).toEqual(wanted);
    });

    test.each(['envi', 'mntr'])('%s has the keys of Apache, in its form', async (word) => {
      const [wanted, got] = await Promise.all(
        servers.map(async (server) => {
          const text = await fourLetterWord(server.port, word);
          return new Set(text.split('\n').map((line) => /^[^=\t]*[=\t]/.exec(line)?.[0] ?? line));
        }),
      );
      const isJava = (key: string) => /^(java|os|user|host|jvm|zk_jvm)[._]/.test(key);
      expect([...wanted!].filter((key) => !got!.has(key) && !isJava(key))).toEqual([]);
    });

    const COMMANDS = [
      'configuration',
      'connections',
      'dirs',
      'dump',
      'get_trace_mask',
      'hash',
      'initial_configuration',
      'is_read_only',
      'last_snapshot',
      'leader',
      'monitor',
      'observers',
      'ruok',
      'server_stats',
      'stats',
      'voting_view',
      'watches',
      'watches_by_path',
      'watch_summary',
      'zabstate',
      'connection_stat_reset',
      'stat_reset',
      'nope',
    ];

    /** The shape of a JSON value: its keys and types; objects keyed by data have one nameless key. */
    function shapeOf(value: unknown, keys: 'names' | 'data' = 'names'): unknown {
      if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
      if (typeof value === 'object' && value !== null) {
        const entries = Object.entries(value);
        if (keys === 'data') {
          const kinds = entries.map(([, inner]) => (Array.isArray(inner) ? 'array' : typeof inner));
          return { '*': kinds[0] }; // Apache lists empty sets as well
        }
        return Object.fromEntries(
          entries
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, inner]) => [
              key,
              shapeOf(inner, /_to_|current_config/.test(key) ? 'data' : 'names'),
            ]),
        );
      }
      return value === null ? null : typeof value;
    }

    test.each(COMMANDS)('/commands/%s answers in the shape of Apache', async (command) => {
      const [wanted, got] = await Promise.all(
        servers.map(async (server) => {
          const response = await fetch(`http://127.0.0.1:${server.adminPort}/commands/${command}`);
          const type = response.headers.get('content-type')?.split(';')[0];
          const text = await response.text();
          const body: unknown = type === 'application/json' ? JSON.parse(text) : text;
          return { status: response.status, type, shape: shapeOf(body) };
        }),
      );
      if (command === 'monitor') {
        const missingKeys = Object.keys(wanted!.shape as object).filter(
          (key) => !(key in (got!.shape as object)) && !key.startsWith('jvm_'),
        );
        expect(missingKeys).toEqual([]);
        return;
      }
      expect(got).toEqual(wanted);
    });

    test.each(['crst', 'srst', 'stat', 'cons'])('%s reads the same after a reset', async (word) => {
      const [wanted, got] = await Promise.all(
        servers.map(async (server) => normalise(await fourLetterWord(server.port, word), server)),
      );
      expect(got).toEqual(wanted);
    });
  },
);
