import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type Client,
  COMPAT_NAME,
  compat,
  type Library,
  ORIGINAL_NAME,
  original,
} from '../compat/libraries.ts';
import { type ExampleRun, runExample } from '../compat/own-examples.ts';
import { declareOwnTests, OWN_TESTS } from '../compat/own-tests.ts';
import { type Scenario, scenarios } from '../compat/scenarios.ts';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { type ServerKind, TestServer } from '../harness/server.ts';

describe("node-zookeeper-client's own tests", () => {
  for (const name of OWN_TESTS) declareOwnTests(name);
});

const examples: readonly ExampleRun[] = [
  { name: 'create', args: ['/e'] },
  { name: 'create', args: ['/e'] },
  { name: 'set', args: ['/e', 'data'] },
  { name: 'get', args: ['/e'], watches: { first: /has data/, last: /Got event(?:.|\n)*has data/ } },
  {
    name: 'exists',
    args: ['/e'],
    watches: { first: /exists and/, last: /Got event(?:.|\n)*exists and/ },
  },
  { name: 'mkdirp', args: ['/m/k'] },
  {
    name: 'list',
    args: ['/m'],
    watches: { first: /Children of/, last: /Got watcher event(?:.|\n)*Children of/ },
  },
  { name: 'listSubTreeBFS', args: ['/m'] },
  { name: 'removeRecursive', args: ['/m'] },
  { name: 'removeRecursive', args: ['/m'] },
  { name: 'transaction', args: [] },
  { name: 'acl', args: ['/e'] },
  { name: 'delete', args: ['/e'] },
];

for (const kind of ['zooid', 'apache'] satisfies ServerKind[]) {
  const missing = kind === 'apache' ? missingPeer('apache') : undefined;
  describe.skipIf(missing !== undefined)(
    suiteTitle(`compat with ${kind}'s server`, missing),
    () => {
      let server: TestServer;
      const clients: Client[] = [];

      beforeAll(async () => {
        server = await TestServer.start(kind);
      });
      afterEach(() => {
        for (const client of clients.splice(0)) close(client);
      });
      afterAll(async () => {
        await server?.[Symbol.asyncDispose]();
      });

      function make(library: Library, chroot: string, options: object = {}): Client {
        const client = library.createClient(`${server.address}${chroot}`, {
          sessionTimeout: 20_000,
          spinDelay: 10,
          ...options,
        });
        clients.push(client);
        return client;
      }

      async function connected(client: Client): Promise<Client> {
        const isConnected = once(client, 'connected');
        client.connect();
        await isConnected;
        return client;
      }

      let nextRoot = 0;
      /** An empty part of the tree, whose path has the same length each time. */
      async function emptyRoot(): Promise<string> {
        const root = `/root-${String(nextRoot++).padStart(4, '0')}`;
        await (await connected(make(compat, ''))).createAsync(root);
        return root;
      }

      async function transcriptOf(scenario: Scenario, library: Library): Promise<string[]> {
        const root = await emptyRoot();
        const lines: string[] = [];
        await scenario({
          library,
          client: await connected(make(library, root)),
          connect: (options) => connected(make(library, root, options)),
          make: (options) => make(library, root, options),
          note: (line) => lines.push(line),
        });
        return lines;
      }

      test.each(Object.entries(scenarios))('the same is seen: %s', async (_title, scenario) => {
        const seen = await transcriptOf(scenario, compat);
        expect(seen.length).toBeGreaterThan(2);
        expect(seen).toEqual(await transcriptOf(scenario, original));
      });

      test('its examples print the same with the one import changed', async () => {
        const root = await emptyRoot();
        const address = `${server.address}${root}`;
        const client = await connected(make(compat, root));
        const change: Readonly<Record<string, () => Promise<unknown>>> = {
          get: () => client.setDataAsync('/e', Buffer.from('changed')),
          exists: () => client.setDataAsync('/e', Buffer.from('changed')),
          list: () => client.createAsync('/m/new'),
        };
        const runAll = async (packageName: string) => {
          const outputs: string[] = [];
          for (const run of examples) {
            const output = await runExample(run, packageName, address, async () =>
              change[run.name]?.(),
            );
            // What the original does not tell: the path of an exception.
            outputs.push(`${run.name}\n${output.replace(/(\w+\[-\d+\])@[^.\s]*/g, '$1')}`);
          }
          return outputs;
        };
        const printed = await runAll(COMPAT_NAME);
        expect(printed.join('')).toContain('Transaction completed.');
        expect(printed).toEqual(await runAll(ORIGINAL_NAME));
      });
    },
  );
}

/** The original throws when it is not connected. */
function close(client: Client): void {
  try {
    client.close();
  } catch {}
}
