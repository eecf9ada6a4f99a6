/**
 * The shell of `zooid` beside Apache's: the same lines, to servers of both kinds, give the same lines.
 *
 * Debian's Apache shell is 3.8.0. What came with 3.9 is left out: `get -b`, `get -x`, `set -b`, the usage of get and set.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApachePrograms, SHELL } from '../harness/apache-programs.ts';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { allOf, type Finished } from '../harness/process.ts';
import { runZooid, type ServerKind, SUPER_DIGEST, TestServer } from '../harness/server.ts';

const missing = missingPeer('apache', 'javac');

/** What both print, line by line. */
interface Run {
  readonly code: number | null;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

/** One run of a shell, to its end. */
type Shell = (args: readonly string[], input: string) => Promise<Finished>;

const zooidShell: Shell = (args, input) => runZooid(['shell', ...args], input);

async function run(
  shell: Shell,
  server: TestServer,
  script: readonly string[],
  oneShot: readonly string[],
): Promise<Run> {
  const args = ['-waitforconnection', '-server', server.address, ...oneShot];
  const input = script.map((line) => `${line.replaceAll('ADDRESS', server.address)}\n`).join('');
  return normalised(await shell(args, input), server);
}

function normalised({ code, stdout, stderr }: Finished, server: TestServer): Run {
  const common = (text: string) =>
    text
      .replaceAll(server.address, 'ADDRESS')
      .replaceAll(/(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} \d\d \d\d:\d\d:\d\d \w+ \d{4}/g, 'DATE')
      .replaceAll(/0x[0-9a-f]{13,16}\b/g, 'SESSION')
      // Exceptions of Apache's option reader are printed with the names of their classes.
      .replaceAll(/^org\.apache\.commons\.cli\.\w+: /gm, '')
      .replaceAll(/^Command not found: Command not found /gm, 'Command not found: ')
      // From 3.9 on events have a zxid.
      .replaceAll(/^(WatchedEvent .*?) zxid: -?\d+$/gm, '$1');
  // Events come from a thread of their own in Apache's shell; that it has no JLine has no meaning here.
  const isNoise = (line: string) =>
    line === '' || line === 'WATCHER::' || /^WatchedEvent |^JLine /.test(line);
  // The list of commands, of which ours has more, and options explained.
  const isHelp = (line: string) => /^\t|^ZooKeeper -server|^Did you mean|^ {1,2}-/.test(line);
  const events = common(stdout)
    .split('\n')
    .filter((line) => /^WatchedEvent .*path:\//.test(line));
  return {
    code,
    stdout: [
      ...common(stdout)
        .split('\n')
        .filter((line) => !isNoise(line)),
      ...events,
    ],
    stderr: common(stderr)
      .split('\n')
      .filter((line) => line !== '' && !isHelp(line)),
  };
}

const options = {
  config: { extendedTypesEnabled: 'true', enforceQuota: 'true' },
  properties: Object.fromEntries([SUPER_DIGEST]),
};

/** Gives events the time of many answers. */
const PAUSE: readonly string[] = new Array<string>(20).fill('sync /');

describe.skipIf(missing !== undefined)(suiteTitle("zooid shell beside Apache's", missing), () => {
  let programs: ApachePrograms;
  /** For each of the two shells a server of each kind: what one shell does the other does not see. */
  let servers: readonly { kind: ServerKind; apache: TestServer; zooid: TestServer }[] = [];
  const started: TestServer[] = [];

  beforeAll(async () => {
    programs = new ApachePrograms();
    const start = async (kind: ServerKind) => {
      const server = await TestServer.start(kind, options);
      started.push(server);
      return server;
    };
    servers = await allOf(
      (['apache', 'zooid'] as const).map(async (kind) => {
        const [apache, zooid] = await allOf([start(kind), start(kind)]);
        return { kind, apache: apache!, zooid: zooid! };
      }),
    );
  });

  afterAll(async () => {
    await programs?.[Symbol.asyncDispose]();
    for (const server of started) await server[Symbol.asyncDispose]();
  });

  /** Runs a script, or one command after the other, through both shells, on servers of each kind. All four must agree. */
  async function sameEverywhere(
    script: readonly string[],
    oneShots: readonly (readonly string[])[] = [],
  ): Promise<readonly Run[]> {
    const apacheShell: Shell = (args, input) => programs.run(SHELL, args, input);
    const runsOn = async (shell: Shell, server: TestServer) => {
      const runs: Run[] = [];
      if (script.length > 0) runs.push(await run(shell, server, script, []));
      for (const oneShot of oneShots) runs.push(await run(shell, server, [], oneShot));
      return runs;
    };
    const runsOfKinds = await allOf(
      servers.map(async ({ kind, apache, zooid }) => {
        const [wanted, got] = await allOf([runsOn(apacheShell, apache), runsOn(zooidShell, zooid)]);
        expect(got, `on a server of ${kind}`).toEqual(wanted);
        return got!;
      }),
    );
    return runsOfKinds[0]!;
  }

  test('znodes are created, read, changed and deleted in the same words', async () => {
    const [{ stdout, stderr }] = (await sameEverywhere([
      'create /m',
      'create /m/plain data',
      'create /m/quoted "two words"',
      "create /m/single 'it is'",
      'create -s /m/seq- data',
      'create -e /m/ephemeral data',
      'create -se /m/seq- data',
      'create -c /m/container',
      'create -t 100000 /m/ttl data',
      'create -t 0 /m/ttl0 data',
      'create -t x /m/ttl0 data',
      'create -c -s /m/wrong data',
      'create -t 5 -e /m/wrong data',
      'create /m/plain data',
      'create /absent/child data',
      'create /m/ephemeral/child data',
      'create m data',
      'create /m//x data',
      'create /m/../x data',
      'create /m/ data',
      'create /m/acl data world:anyone:r,ip:127.0.0.1:cdrwa',
      'create /m/bad data nosuch:x:r',
      'create /m/bad data world',
      'create /m/ü ünïcödé',
      'create',
      'create -q /m/x',
      'get /m/ü',
      'get /m',
      'get -s /m/plain',
      'get /absent',
      'set /m/plain two',
      'set -v 1 /m/plain three',
      'set -v 1 /m/plain four',
      'set -s /m/plain five',
      'get -s /m/plain',
      'stat /m/plain',
      'stat /m/ttl',
      'stat /m/container',
      'stat /m/ephemeral',
      'stat /absent',
      'ls /m',
      'ls -s /m',
      'ls -R /m',
      'ls /absent',
      'ls m',
      'getAcl /m/acl',
      'getAcl -s /m/acl',
      'getEphemerals',
      'getEphemerals /m',
      'getAllChildrenNumber /m',
      'getAllChildrenNumber',
      'delete -v 7 /m/plain',
      'delete /m',
      'delete /m/single',
      'delete /m/single',
      'deleteall /m -b 3',
      'deleteall /absent',
      'ls /',
      'sync /',
      'sync',
      'quit',
    ])) as [Run];
    expect(stderr).toContain('Created /m/seq-0000000003');
    expect(stdout).toContain('[zookeeper]');
  });

  test('quotas, permissions and identities are the same', async () => {
    await sameEverywhere([
      'create /q data',
      'create /q/below data',
      'listquota /q',
      'setquota -n 10 /q',
      'setquota -N 20 /q',
      'setquota -b 1 /q',
      'setquota -n 0 /q',
      'setquota -n x /q',
      'setquota -n 5 /q/below',
      'setquota -n 5 /',
      'setquota -n 5 /absent',
      'setquota -n 5 /zookeeper/quota/q',
      'listquota /q',
      'delquota -b /q',
      'listquota /q',
      'delquota /q',
      'delquota /q',
      'listquota /q',
      'ls -R /zookeeper',
      'setAcl /q world:anyone:rwcd',
      'setAcl -s -v 7 /q world:anyone:cdrwa',
      'addauth digest super:test',
      'setAcl -s /q world:anyone:cdrwa',
      'setAcl -R /q world:anyone:cdra',
      'getAcl /q/below',
      'setAcl /q',
      'addauth',
      'set /q/below again',
      'quit',
    ]);
  });

  test('watches tell the same events, and go when they are removed', async () => {
    const [{ stdout }] = (await sameEverywhere([
      'create /w one',
      'get -w /w',
      'get -w /w',
      'ls -w /w',
      'stat -w /w/later',
      'set /w two',
      'create /w/later',
      ...PAUSE,
      'get /w true',
      'removewatches /w -d',
      'removewatches /w -d',
      'addWatch -m PERSISTENT /w',
      'addWatch /w/later',
      'addWatch -m nonsense /w',
      'set /w/later x',
      ...PAUSE,
      'removewatches /w/later',
      'set /w/later y',
      ...PAUSE,
      'printwatches',
      'printwatches off',
      'set /w three',
      'printwatches',
      'quit',
    ])) as [Run];
    expect(stdout.filter((line) => line.startsWith('WatchedEvent')).length).toBeGreaterThan(5);
  });

  test('lines are kept, run again and numbered alike; a closed session can be begun anew', async () => {
    await sameEverywhere([
      'create /h',
      'ls /',
      'redo 1',
      'redo 99',
      'history',
      'nonsense here',
      'delete /h 0',
      'ls / true',
      'config',
      'close',
      'ls /',
      'connect ADDRESS',
      'ls /',
      'reconfig',
      'reconfig -add a -members b',
      'version now',
      'quit',
    ]);
  });

  test('one command ends with the same words and exit code', async () => {
    const runs = await sameEverywhere(
      [],
      [
        ['create', '/one', 'a b'],
        ['get', '/one'],
        ['get', '/absent'],
        ['ls', '/'],
        ['nonsense'],
        ['stat'],
        ['ls', '-q', '/'],
      ],
    );
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 1, 0, 127, 1, 1]);
  });
});
