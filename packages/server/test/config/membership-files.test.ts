import fs from 'node:fs';
import path from 'node:path';
import { formatMembership, type Membership, parseMembership } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { describeProblem, type EnsembleConfig, loadServerConfig } from '../../src/config/config.ts';
import { editStaticText, MembershipFiles } from '../../src/config/membership-files.ts';
import { Crash, CrashingFiles, powerCuts } from '../disk/crashing-files.ts';
import { temporaryDirectory } from '../disk/support.ts';

function membershipOf(text: string): Membership {
  const reading = parseMembership(text);
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
  return reading.membership;
}

/** From an ensemble of ZooKeeper 3.8.0: /zookeeper/config after an observer was added. */
const added = membershipOf(`server.1=127.0.0.1:53663:58187:participant;127.0.0.1:48911
server.2=127.0.0.1:37519:49319:participant;127.0.0.1:39843
server.3=127.0.0.1:38689:43329:participant;127.0.0.1:53967
server.4=127.0.0.1:55353:50223:observer;127.0.0.1:51927
version=100000003`);

const client = { host: undefined, port: 48911 };

/** And the dynamic file that its members wrote. */
const addedFile = `server.1=127.0.0.1:53663:58187:participant;127.0.0.1:48911
server.2=127.0.0.1:37519:49319:participant;127.0.0.1:39843
server.3=127.0.0.1:38689:43329:participant;127.0.0.1:53967
server.4=127.0.0.1:55353:50223:observer;127.0.0.1:51927`;

const grouped = `group.1=1:2
group.2=3
server.1=a:1:2:participant
server.2=b:1:2:participant
server.3=c:1:2:participant
server.4=d:1:2:observer
version=ff
weight.1=2
weight.2=1
weight.3=1
weight.9=0`;

/** A directory with a zoo.cfg of a static ensemble and the data directory of server 1. */
function installed(): string {
  const directory = temporaryDirectory();
  fs.mkdirSync(path.join(directory, 'data'));
  fs.writeFileSync(path.join(directory, 'data/myid'), '1\n');
  fs.writeFileSync(
    path.join(directory, 'zoo.cfg'),
    `# who we are
dataDir=${directory}/data
clientPort=48911
initLimit=10
syncLimit=5
reconfigEnabled=true
server.1=127.0.0.1:53663:58187
server.2=127.0.0.1:37519:49319
server.3=127.0.0.1:38689:43329
# the end
tickTime=2000
`,
  );
  return directory;
}

function load(directory: string): EnsembleConfig {
  const parsed = loadServerConfig(path.join(directory, 'zoo.cfg'));
  if (!parsed.ok) throw new Error(parsed.problems.map(describeProblem).join('\n'));
  return parsed.config.ensemble!;
}

function textOf(directory: string, name: string): string {
  return fs.readFileSync(path.join(directory, name), 'utf8');
}

describe('a committed membership', () => {
  test('stands in a dynamic file as Apache writes it, and zoo.cfg points at it', () => {
    const directory = installed();
    const files = new MembershipFiles(path.join(directory, 'zoo.cfg'));
    const original = textOf(directory, 'zoo.cfg');
    files.backUp();
    expect(files.saveCommitted(added, 1, client)).toBe(
      path.join(directory, 'zoo.cfg.dynamic.100000003'),
    );
    expect(textOf(directory, 'zoo.cfg.dynamic.100000003')).toBe(addedFile);
    expect(textOf(directory, 'zoo.cfg.bak')).toBe(original);
    expect(textOf(directory, 'zoo.cfg')).toBe(`# who we are
dataDir=${directory}/data
initLimit=10
syncLimit=5
reconfigEnabled=true
dynamicConfigFile=${directory}/zoo.cfg.dynamic.100000003
# the end
tickTime=2000
`);
    expect(load(directory).membership).toEqual(added);
  });

  test('leaves clientPort where it is when the own line does not say it', () => {
    const directory = installed();
    const plain = membershipOf('server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\nversion=5');
    new MembershipFiles(path.join(directory, 'zoo.cfg')).saveCommitted(plain, 1, client);
    expect(textOf(directory, 'zoo.cfg')).toContain('clientPort=48911\n');
  });

  test('writes down where clients are served when the own line does not say it any more', () => {
    const directory = installed();
    const files = new MembershipFiles(path.join(directory, 'zoo.cfg'));
    files.saveCommitted(added, 1, client);
    expect(textOf(directory, 'zoo.cfg')).not.toContain('clientPort');
    const plain = membershipOf('server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\nversion=100000004');
    files.saveCommitted(plain, 1, { host: '127.0.0.1', port: 4711 });
    const parsed = loadServerConfig(path.join(directory, 'zoo.cfg'));
    expect(parsed).toMatchObject({
      ok: true,
      config: { network: { client: { host: '127.0.0.1', port: 4711 } } },
    });
  });

  test('ends a proposal of its version or before, and no later one', () => {
    const directory = installed();
    const files = new MembershipFiles(path.join(directory, 'zoo.cfg'));
    files.saveProposed(added);
    files.saveCommitted(added, 1, client);
    expect(fs.existsSync(path.join(directory, 'zoo.cfg.dynamic.next'))).toBe(false);
    files.saveProposed({ ...added, version: added.version + 5 });
    files.saveCommitted({ ...added, version: added.version + 4 }, 1, client);
    expect(load(directory).lastSeenMembership?.version).toBe(added.version + 5);
    expect(load(directory).membership.version).toBe(added.version + 4);
  });
});

test('a proposed membership is kept with its version, sorted as Apache sorts it', () => {
  const directory = installed();
  const files = new MembershipFiles(path.join(directory, 'zoo.cfg'));
  files.saveProposed(membershipOf(grouped));
  expect(textOf(directory, 'zoo.cfg.dynamic.next')).toBe(grouped);
});

describe('zoo.cfg, rewritten', () => {
  test.each([
    ['a=1', 'a=1\ndynamicConfigFile=/d\n'],
    ['a=1\n', 'a=1\ndynamicConfigFile=/d\n'],
    ['', 'dynamicConfigFile=/d\n'],
    ['dynamicConfigFile=/old\na=1\n', 'dynamicConfigFile=/d\na=1\n'],
    ['server.1=a:1:2\\\n  ;5\nb=2\n', 'dynamicConfigFile=/d\nb=2\n'],
    ['weight.1=1\nx=y\ngroup.1=1\npeerType=observer\n', 'dynamicConfigFile=/d\nx=y\n'],
    [
      'clientPort=1\r\nclientPortAddress=::\r\nclientPortListenBacklog=5\r\n',
      'clientPortListenBacklog=5\ndynamicConfigFile=/d\n',
    ],
    ['# server.1=a:1:2\n', '# server.1=a:1:2\ndynamicConfigFile=/d\n'],
  ])('%j becomes %j', (text, edited) => {
    expect(editStaticText(text, '/d', 'moved')).toBe(edited);
  });
});

function committedUpTo(call: number, cut: (typeof powerCuts)[number]): 'crashed' | 'finished' {
  const directory = installed();
  const before = load(directory).membership;
  const disk = new CrashingFiles(directory, call);
  const files = new MembershipFiles(path.join(directory, 'zoo.cfg'), disk);
  let outcome: 'crashed' | 'finished' = 'finished';
  try {
    files.backUp();
    files.saveProposed(added);
    files.saveCommitted(added, 1, client);
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
    outcome = 'crashed';
  }
  disk.cutPower(cut);
  const left = formatMembership(load(directory).membership);
  const possible = outcome === 'finished' ? [added] : [before, added];
  expect(possible.map(formatMembership)).toContain(left);
  return outcome;
}

test.each(powerCuts)(
  'wherever a server stops, with names $names and contents $contents, it starts with the membership of before or after',
  (cut) => {
    let call = 1;
    while (committedUpTo(call, cut) === 'crashed') call++;
    expect(call).toBeGreaterThan(20);
  },
);
