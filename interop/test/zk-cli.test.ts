import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApachePrograms } from '../harness/apache-programs.ts';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { SUPER_DIGEST, TARGET, TestServer } from '../harness/server.ts';
import { runZkCli, type ShellRun } from '../harness/zk-cli.ts';

const missing = missingPeer('apache', 'javac');

/** The shell's own thread prints the events: these give it the time of many answers. */
const PAUSE: readonly string[] = new Array<string>(20).fill('sync /');

describe.skipIf(missing !== undefined)(suiteTitle("Apache's shell, zkCli", missing), () => {
  let apache: TestServer;
  let other: TestServer;
  let programs: ApachePrograms;

  beforeAll(async () => {
    programs = new ApachePrograms();
    const options = {
      config: { extendedTypesEnabled: 'true', enforceQuota: 'true' },
      properties: Object.fromEntries([SUPER_DIGEST]),
    };
    [apache, other] = await Promise.all([
      TestServer.start('apache', options),
      TestServer.start(TARGET, options),
    ]);
  });

  afterAll(async () => {
    await programs?.[Symbol.asyncDispose]();
    await apache?.[Symbol.asyncDispose]();
    await other?.[Symbol.asyncDispose]();
  });

  /** Runs the same commands on both servers and expects the same output; returns it. */
  async function sameOnBoth(
    commands: readonly string[],
    oneShot: readonly string[] = [],
  ): Promise<ShellRun> {
    const [wanted, got] = await Promise.all([
      runZkCli(programs, apache, commands, oneShot),
      runZkCli(programs, other, commands, oneShot),
    ]);
    expect(got).toEqual(wanted);
    return wanted;
  }

  test('create makes every kind of znode', async () => {
    const { stderr } = await sameOnBoth([
      'create /m',
      'create /m/plain data',
      'create -s /m/seq- data',
      'create -e /m/ephemeral data',
      'create -s -e /m/seq- data',
      'create -c /m/container',
      'create -t 100000 /m/ttl data',
      'create -s -t 100000 /m/ttl- data',
      'create /m/acl data world:anyone:r,ip:127.0.0.1:cdrwa',
      'create /m/plain data',
      'create /absent/child data',
      'create /m/ephemeral/child data',
      'create -t 100000 -e /m/wrong data',
      'create -c -s /m/wrong data',
      'create m data',
      'create /m/bad data nosuch:x:r',
      'create /m/ü ünïcödé',
      'get /m/ü',
      'ls -s /m',
      'ls -R /m',
      'stat /m/ephemeral',
      'stat /m/container',
      'stat /m/ttl',
      'getEphemerals /m',
      'getEphemerals /',
      'getAllChildrenNumber /m',
      'getAllChildrenNumber /',
      'getAcl /m/acl',
      'quit',
    ]);
    expect(stderr).toContain('Created /m/seq-0000000001');
    expect(stderr).toContain('Created /m/ttl-0000000006');
    expect(stderr).toContain('Ephemerals cannot have children: /m/ephemeral/child');
  });

  test('get, set, stat and delete answer with data, stat and the right errors', async () => {
    const { stdout, stderr } = await sameOnBoth([
      'create /d one',
      'get /d',
      'get -s /d',
      'set /d two',
      'set -v 1 /d three',
      'set -v 1 /d four',
      'set -s /d five',
      'get -s /d',
      'stat /d',
      'get /absent',
      'set /absent x',
      'stat /absent',
      'ls /absent',
      'delete -v 7 /d',
      'create /d/child',
      'delete /d',
      'delete /d/child',
      'delete /d',
      'delete /d',
      'delete /zookeeper',
      'sync /d',
      'sync /absent',
      'quit',
    ]);
    expect(stdout).toContain('dataVersion = 3');
    expect(stderr).toContain('version No is not valid : /d');
    expect(stderr).toContain('Node not empty: /d');
  });

  test('deleteall removes a whole subtree in transactions', async () => {
    const { stdout } = await sameOnBoth([
      'create /tree',
      ...Array.from({ length: 20 }, (_, i) => `create /tree/n${i} x`),
      ...Array.from({ length: 20 }, (_, i) => `create /tree/n${i}/below x`),
      'deleteall /tree -b 7',
      'ls /',
      'deleteall /tree',
      'quit',
    ]);
    expect(stdout.some((line) => line.includes('tree'))).toBe(false);
  });

  test('ACLs are shown, set, inherited by -R, and enforced', async () => {
    const { stdout, stderr } = await sameOnBoth([
      'create /acl',
      'create /acl/a',
      'create /acl/a/b',
      'getAcl -s /acl',
      'setAcl -s /acl world:anyone:crwa',
      'setAcl -v 9 /acl world:anyone:crwa',
      'addauth digest alice:secret',
      'whoami',
      'create /acl/mine data auth::cdrwa',
      'getAcl /acl/mine',
      'create /acl/creator data digest:bob:x1x1x1:r',
      'get /acl/creator',
      'getAcl /acl/creator',
      'setAcl -R /acl/a auth::cdrwa',
      'getAcl /acl/a/b',
      'setAcl /acl nosuch:x:r',
      'setAcl /absent world:anyone:r',
      'addauth digest super:test',
      'get /acl/creator',
      'getAcl /acl/creator',
      'whoami',
      'quit',
    ]);
    expect(stdout.some((line) => line.startsWith("'digest,'alice:"))).toBe(true);
    expect(stderr).toContain('Insufficient permission : /acl/creator');
    await sameOnBoth(['get /acl/mine', 'ls /acl/a', 'set /acl/a x', 'getAcl /acl/mine', 'quit']);
  });

  test('quotas are set, listed, enforced and deleted', async () => {
    const { stdout, stderr } = await sameOnBoth([
      'create /q',
      'setquota -n 3 /q',
      'listquota /q',
      'setquota -b 100 /q',
      'listquota /q',
      'setquota -N 4 /q',
      'setquota -B 50 /q',
      'listquota /q',
      'create /q/1 data',
      'create /q/2 data',
      'create /q/3 data',
      'create /q/4 data',
      'set /q/1 0123456789012345678901234567890123456789012345678901234567890123456789',
      'listquota /q',
      'setquota -n 3 /q/1',
      'get /zookeeper/quota/q/zookeeper_limits',
      'get /zookeeper/quota/q/zookeeper_stats',
      'delquota -n /q',
      'listquota /q',
      'delquota -N /q',
      'delquota -B /q',
      'listquota /q',
      'delquota /q',
      'listquota /q',
      'ls -R /zookeeper',
      'quit',
    ]);
    expect(stderr).toContain('Quota has exceeded : /q/4');
    expect(stdout.some((line) => line.includes('count=4'))).toBe(true);
  });

  test('watches of every kind fire and are removed', async () => {
    const { events } = await sameOnBoth([
      'create /w',
      'get -w /w',
      'set /w one',
      'set /w two',
      'ls -w /w',
      'create /w/a',
      'stat -w /w/later',
      'create /w/later',
      'addWatch -m PERSISTENT /w',
      'set /w three',
      'create /w/b',
      'delete /w/b',
      'removewatches /w',
      'set /w four',
      'addWatch -m PERSISTENT_RECURSIVE /w/a', // the shell's default is what the last one said
      'create /w/a/deep',
      'create /w/a/deep/er',
      'set /w/a/deep x',
      'deleteall /w/a',
      'removewatches /w/absent',
      'get -w /w',
      'removewatches /w -d',
      ...PAUSE,
      'printwatches',
      'printwatches off',
      'get -w /w',
      'set /w five',
      ...PAUSE,
      'printwatches on',
      'printwatches',
      'get -w /w',
      'delete /w',
      'deleteall /w',
      'quit',
    ]);
    expect(events.filter((line) => line.includes('path:/w/a/deep/er')).length).toBe(2); // created, deleted
  });

  test('a persistent watch lasts over a close and a connect of the shell', async () => {
    await sameOnBoth([
      'create -e /s-ephemeral',
      'ls /',
      'close',
      'ls /',
      'connect ADDRESS',
      'ls /',
      'connect ADDRESS',
      'create /s-second',
      'history',
      'redo 3',
      'redo 99',
      'version',
      'whoami',
      'help',
      'nosuchcommand',
      'create',
      'exit',
    ]);
  });

  test('config, reconfig and their refusals read the same', async () => {
    const { stderr } = await sameOnBoth([
      'config',
      'config -s',
      'config -c',
      'reconfig -remove 1',
      'reconfig -add server.2=127.0.0.1:1:2;3',
      'get -s /zookeeper/config',
      'quit',
    ]);
    expect(stderr).toContain('KeeperErrorCode = Reconfig is disabled');
  });

  test('one command on the command line prints its result and ends with its exit code', async () => {
    const listed = await sameOnBoth([], ['ls', '/zookeeper']);
    expect(listed.stdout.at(-1)).toBe('[config, quota]');
    expect(listed.code).toBe(0);
    const created = await sameOnBoth([], ['create', '/shot', 'data']);
    expect(created.code).toBe(0);
    const refused = await sameOnBoth([], ['create', '/shot', 'data']);
    expect(refused.code).not.toBe(0);
    const unknown = await sameOnBoth([], ['nosuch']);
    expect(unknown.code).not.toBe(0);
  });
});
