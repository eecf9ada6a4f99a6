import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mergeFacts, readCons, readMntr, readSrvr } from '../../src/top/server-facts.ts';

/** What Apache's server 3.8.0 answered. */
function apache(word: string): string {
  const directory = join(import.meta.dirname, '../../../server/test/admin/apache-3.8.0');
  return readFileSync(join(directory, `${word}.txt`), 'utf8');
}

describe('the facts of a server', () => {
  const srvr = {
    role: 'standalone',
    version: '3.8.0',
    latencyMs: { min: 0, avg: 0, max: 0 },
    receivedCount: 1,
    sentCount: 1,
    connectionCount: 3,
    outstandingCount: 0,
    nodeCount: 10,
    watchCount: undefined,
    zxid: '0x8',
  };

  test('are in srvr and in stat', () => {
    expect(readSrvr(apache('srvr'))).toEqual(srvr);
    expect(readSrvr(apache('stat'))).toEqual({ ...srvr, receivedCount: 2, sentCount: 2 });
  });

  test('are in mntr, which adds watches and sessions and leaves out the zxid', () => {
    const mntr = readMntr(apache('mntr'));
    expect(mntr).toMatchObject({
      role: 'standalone',
      version: '3.8.0',
      latencyMs: { min: 0, avg: 2.0769, max: 8 },
      connectionCount: 3,
      nodeCount: 10,
      watchCount: 4,
      zxid: undefined,
    });
    expect(mergeFacts(readSrvr(apache('srvr'))!, mntr!)).toEqual({
      ...srvr,
      sessionCount: 2,
      watchCount: 4,
    });
  });

  test('are not in anything else', () => {
    for (const answer of ['', 'imok', 'x is not executed because it is not in the whitelist.\n']) {
      expect(readSrvr(answer)).toBeUndefined();
      expect(readMntr(answer)).toBeUndefined();
    }
  });

  test('may be missing, of a version that says less', () => {
    expect(readSrvr('Zookeeper version: 3.4.6-1569965, built on x\nZxid: 0x1\n')).toEqual({
      role: undefined,
      version: '3.4.6-1569965',
      latencyMs: undefined,
      receivedCount: undefined,
      sentCount: undefined,
      connectionCount: undefined,
      outstandingCount: undefined,
      nodeCount: undefined,
      watchCount: undefined,
      zxid: '0x1',
    });
  });

  test('have no version of a commit', () => {
    const commit = 'c868b4a7b9b8aa8fd2bbd8ae2a4d5a0c0f62d4a9';
    expect(
      readSrvr(`Zookeeper version: 3.9.3-${commit}, built on x\nMode: leader\n`)?.version,
    ).toBe('3.9.3');
    expect(
      readSrvr('Zookeeper version: 3.9.4-zooid-0.1.0, built on x\nMode: leader\n')?.version,
    ).toBe('3.9.4-zooid-0.1.0');
  });
});

describe('connections', () => {
  test('are read from cons, with and without a session', () => {
    expect(readCons(apache('cons'))).toEqual([
      {
        client: '127.0.0.1:52448',
        session: '0x100000f25f20001',
        queuedCount: 0,
        receivedCount: 5,
        sentCount: 5,
        lastOperation: 'SETD',
        latencyMsAvg: 0,
      },
      {
        client: '127.0.0.1:52456',
        session: undefined,
        queuedCount: 0,
        receivedCount: 1,
        sentCount: 0,
        lastOperation: undefined,
        latencyMsAvg: undefined,
      },
      {
        client: '127.0.0.1:52442',
        session: '0x100000f25f20000',
        queuedCount: 0,
        receivedCount: 8,
        sentCount: 8,
        lastOperation: 'MULT',
        latencyMsAvg: 3,
      },
    ]);
    const [v6] = readCons(' /0:0:0:0:0:0:0:1:4711[1](queued=2,recved=1,sent=0)\n');
    expect([v6?.client, v6?.queuedCount]).toEqual(['0:0:0:0:0:0:0:1:4711', 2]);
    expect(readCons('anything else\n')).toEqual([]);
  });
});
