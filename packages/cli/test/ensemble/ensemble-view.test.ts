import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ensembleLines, hasQuorum, type MemberRow } from '../../src/ensemble/ensemble-view.ts';
import { connectStringOf, layOut, type MemberPlace } from '../../src/ensemble/layout.ts';
import type { MemberState } from '../../src/ensemble/member.ts';
import { runCommandLine } from '../../src/program.ts';
import { readMntr, readSrvr } from '../../src/top/server-facts.ts';
import { FakeParts } from '../support/fake-parts.ts';

function placeOf(id: number): MemberPlace {
  const directory = `/ensemble/${id}`;
  const configFile = `${directory}/zoo.cfg`;
  return { id, directory, configFile, logFile: `${directory}/log`, clientPort: 2180 + id };
}

const running: MemberState = { kind: 'running', pid: 100 };

/** A member that serves in this role. */
function serving(id: number, role: string): MemberRow {
  const srvr = readSrvr(
    `Latency min/avg/max: 0/0.25/3\nConnections: 2\nZxid: 0x1a\nMode: ${role}\nNode count: 7\n`,
  );
  const mntr = readMntr('zk_version\t3.9\nzk_global_sessions\t4\n');
  const facts = { ...srvr!, sessionCount: mntr!.sessionCount };
  return {
    place: placeOf(id),
    state: running,
    look: { kind: 'answers', facts, connections: undefined },
  };
}

function inState(id: number, state: MemberState): MemberRow {
  return { place: placeOf(id), state, look: undefined };
}

function textOf(rows: readonly MemberRow[], selected?: number): readonly string[] {
  return ensembleLines(rows, selected).map((line) =>
    line
      .map(({ text }) => text)
      .join('')
      .trimEnd(),
  );
}

describe('the view of an ensemble', () => {
  test('has a row for each member, and the reason of each that ended by itself', () => {
    const rows = [
      serving(1, 'follower'),
      serving(2, 'leader'),
      inState(3, running),
      inState(4, { kind: 'down' }),
      inState(5, { kind: 'failed', reason: 'ended with 1: port in use' }),
    ];
    expect(textOf(rows, 2)).toEqual([
      'MEMBER  CLIENTS AT      ROLE      ZXID  MIN/AVG/MAX MS  SESSIONS  CONNS  ZNODES  PROCESS',
      '  1     127.0.0.1:2181  follower  0x1a         0/0.3/3         4      2       7      100',
      '> 2     127.0.0.1:2182  leader    0x1a         0/0.3/3         4      2       7      100',
      '  3     127.0.0.1:2183  looking      -               -         -      -       -      100',
      '  4     127.0.0.1:2184  down         -               -         -      -       -        -',
      '  5     127.0.0.1:2185  failed       -               -         -      -       -        -',
      '',
      '5 ended with 1: port in use',
    ]);
  });

  test('says that it serves with a leader and more than half of the members', () => {
    const down = (id: number) => inState(id, { kind: 'down' });
    expect(hasQuorum([serving(1, 'leader'), serving(2, 'follower'), down(3)])).toBe(true);
    expect(hasQuorum([serving(1, 'leader'), down(2), down(3)])).toBe(false);
    expect(hasQuorum([serving(1, 'follower'), serving(2, 'follower'), down(3)])).toBe(false);
    expect(hasQuorum([serving(1, 'standalone')])).toBe(true);
  });
});

describe('the files of an ensemble', () => {
  function newDirectory(): string {
    const directory = mkdtempSync(join(tmpdir(), 'zooid-layout-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    return directory;
  }

  test('are a configuration for each member, which the next start finds', async () => {
    const directory = newDirectory();
    const places = await layOut(directory, 3, 5000);
    expect(connectStringOf(places)).toBe('127.0.0.1:5000,127.0.0.1:5001,127.0.0.1:5002');
    const configs = places.map(({ configFile }) => readFileSync(configFile, 'utf8'));
    const ports = configs[0]!
      .match(/^server\.\d=.*$/gm)!
      .flatMap((line) => line.split(':').slice(1));
    expect(new Set(ports).size).toBe(6);
    for (const config of configs)
      expect(config).toContain(configs[0]!.match(/^server\.3=.*$/m)![0]);
    expect(readFileSync(join(directory, '2/data/myid'), 'utf8')).toBe('2\n');
    expect(await layOut(directory, 3, undefined)).toEqual(places);
    await expect(layOut(directory, 5, undefined)).rejects.toThrow('an ensemble of 3, not of 5');
  });
});

test.each([
  ['--servers', '0'],
  ['--servers', 'many'],
  ['--client-port', '70000'],
])('zooid ensemble start refuses %s %s with 2', async (option, value) => {
  expect(await runCommandLine(['ensemble', 'start', option, value], new FakeParts())).toBe(2);
});
