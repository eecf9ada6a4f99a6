import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FourLetterWords, tryFourLetterWord } from '../../src/admin/four-letter.ts';
import { FOUR_LETTER_WORD_NAMES } from '../../src/admin/word-names.ts';
import {
  capturedConnections,
  connection,
  FakeAdminView,
  SESSION_A,
  SESSION_B,
} from './fake-admin-view.ts';

const apache = (file: string): string =>
  readFileSync(new URL(`apache-3.8.0/${file}`, import.meta.url), 'utf8');

const wordOf = (name: string) => {
  const word = tryFourLetterWord(Buffer.from(name, 'latin1').readInt32BE());
  if (word === undefined) throw new Error(`${name} is not a word`);
  return word;
};

const everyWord = new Set<string>(FOUR_LETTER_WORD_NAMES);

const answer = (name: string, view = new FakeAdminView(), argument?: Uint8Array): string =>
  new FourLetterWords({ enabled: everyWord }, view).answer(wordOf(name), argument);

const timeZone = process.env['TZ'];
beforeAll(() => {
  process.env['TZ'] = 'UTC';
});
afterAll(() => {
  if (timeZone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = timeZone;
});

describe('finding a word', () => {
  it('knows each word by its first four bytes, signed or unsigned', () => {
    for (const name of FOUR_LETTER_WORD_NAMES) {
      const bytes = Buffer.from(name);
      expect(tryFourLetterWord(bytes.readInt32BE())?.name).toBe(name);
      expect(tryFourLetterWord(bytes.readUInt32BE())?.name).toBe(name);
    }
  });

  it('takes no length of a connect request for a word', () => {
    for (const length of [0, 44, 45, 4096, -1, 0x7fffffff, 0x74657374]) {
      expect(tryFourLetterWord(length)).toBeUndefined();
    }
  });

  it('answers the bytes of an interrupted telnet with nothing', () => {
    const word = tryFourLetterWord(0xfff4fffd);
    expect(word?.name).toBe('telnet close');
    expect(new FourLetterWords({ enabled: everyWord }, new FakeAdminView()).answer(word!)).toBe('');
  });

  it('says that eight bytes follow stmk, and none any other word', () => {
    for (const name of FOUR_LETTER_WORD_NAMES) {
      expect(wordOf(name).argumentBytes).toBe(name === 'stmk' ? 8 : 0);
    }
  });
});

describe('the whitelist', () => {
  it('refuses a word that is not listed, in the words of Apache', () => {
    const words = new FourLetterWords({ enabled: new Set(['ruok']) }, new FakeAdminView());
    expect(words.answer(wordOf('stat'))).toBe(
      'stat is not executed because it is not in the whitelist.\n',
    );
    expect(words.answer(wordOf('ruok'))).toBe('imok');
  });

  it('never refuses srvr, which zkServer.sh needs', () => {
    const words = new FourLetterWords({ enabled: new Set() }, new FakeAdminView());
    expect(words.answer(wordOf('srvr'))).toMatch(/^Zookeeper version: /);
  });

  it('does not set the trace mask when stmk is not listed', () => {
    const view = new FakeAdminView();
    const words = new FourLetterWords({ enabled: new Set(['gtmk']) }, view);
    words.answer(wordOf('stmk'), new Uint8Array(8));
    expect(words.answer(wordOf('gtmk'))).toBe('306');
  });
});

describe('a server that does not serve', () => {
  it('says so for each word that asks about it, with or without a newline as Apache does', () => {
    const view = new FakeAdminView();
    view.isServing = false;
    const sentence = 'This ZooKeeper instance is not currently serving requests';
    for (const name of FOUR_LETTER_WORD_NAMES) {
      const text = answer(name, view);
      if (name === 'isro') expect(text).toBe('null');
      else if (name === 'hash') expect(text).toBe(sentence);
      else if (name === 'ruok') expect(text).toBe('imok');
      else if (name === 'gtmk' || name === 'stmk') expect(text).toBe('306');
      else if (name === 'envi') expect(text).toMatch(/^Environment:\n/);
      else expect(text).toBe(`${sentence}\n`);
    }
  });

  it('keeps its counters when it is asked to reset them', () => {
    const view = new FakeAdminView();
    view.isServing = false;
    view.stats.packetsReceived = 7;
    answer('srst', view);
    answer('crst', view);
    expect(view.stats.packetsReceived).toBe(7);
    expect(view.connectionStatResets).toBe(0);
  });
});

describe('answers, byte by byte those that Apache 3.8.0 gave', () => {
  it.each(['conf', 'crst', 'dirs', 'isro', 'ruok', 'srst', 'gtmk', 'wchs'])('%s', (name) => {
    expect(answer(name)).toBe(apache(`${name}.txt`));
  });

  it('stmk tells the mask that it set', () => {
    const mask = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x82);
    expect(answer('stmk', new FakeAdminView(), mask)).toBe(apache('stmk.txt'));
  });

  it('srvr', () => {
    const view = new FakeAdminView();
    view.stats.packetsReceived = 1;
    view.stats.packetsSent = 1;
    expect(answer('srvr', view)).toBe(apache('srvr.txt'));
  });

  it('stat', () => {
    const view = new FakeAdminView();
    view.stats.packetsReceived = 2;
    view.stats.packetsSent = 2;
    view.connectionList = [
      connection({ remotePort: 52448, sessionId: SESSION_B }),
      connection({ remotePort: 52564, isReading: false }, { packetsReceived: 1 }),
      connection({ remotePort: 52442, sessionId: SESSION_A }),
    ];
    expect(answer('stat', view)).toBe(apache('stat.txt'));
  });

  it('cons', () => {
    const view = new FakeAdminView();
    view.connectionList = capturedConnections();
    expect(answer('cons', view)).toBe(apache('cons.txt'));
  });

  it('cons after crst leaves out the last xid and prints the zxid -1 as 64 bits', () => {
    const view = new FakeAdminView();
    const session = (remotePort: number, sessionId: bigint, est: number, timeout: number) =>
      connection({ remotePort, sessionId, establishedMs: est, sessionTimeoutMs: timeout });
    view.connectionList = [
      session(52448, SESSION_B, 1795191450659, 30000),
      connection({ remotePort: 52486, isReading: false }, { packetsReceived: 1 }),
      session(52442, SESSION_A, 1795191450644, 8000),
    ];
    expect(answer('cons', view)).toBe(apache('cons-after-crst.txt'));
  });

  it('dump', () => {
    const view = new FakeAdminView();
    view.wallNowMs = Date.parse('2026-11-20T16:17:30Z');
    view.elapsedNowMs = 1_048_000;
    view.buckets = [
      { expiresMs: 1_058_000, sessions: [{ id: SESSION_A, timeoutMs: 8000 }] },
      { expiresMs: 1_080_000, sessions: [{ id: SESSION_B, timeoutMs: 30000 }] },
    ];
    view.ephemeralPaths = [
      [SESSION_B, ['/a/eph3']],
      [SESSION_A, ['/eph2', '/eph']],
    ];
    view.connectionList = [
      connection({ remotePort: 52448, sessionId: SESSION_B, expiresMs: 1_080_000 }),
      connection({ remotePort: 52494, expiresMs: 1_060_000 }),
      connection({ remotePort: 52442, sessionId: SESSION_A, expiresMs: 1_060_000 }),
    ];
    expect(answer('dump', view)).toBe(apache('dump.txt'));
  });

  it('hash', () => {
    const view = new FakeAdminView();
    view.digests = [
      { zxid: 0x80, digestVersion: 2, digest: 7568632340n },
      { zxid: 0x100, digestVersion: 2, digest: 7159068977n },
    ];
    expect(answer('hash', view)).toBe(apache('hash.txt'));
  });

  it('wchc and wchp', () => {
    const view = new FakeAdminView();
    view.sessionWatches = [
      [SESSION_B, ['/a', '/nope']],
      [SESSION_A, ['/a']],
    ];
    view.pathWatches = [
      ['/a', [SESSION_B, SESSION_A]],
      ['/nope', [SESSION_B]],
    ];
    expect(answer('wchc', view)).toBe(apache('wchc.txt'));
    expect(answer('wchp', view)).toBe(apache('wchp.txt'));
  });

  it('envi has every name of Apache, in its order, before its own', () => {
    const names = (text: string) => text.split('\n').map((line) => line.split('=')[0]);
    const ours = names(answer('envi'));
    const theirs = names(apache('envi.txt')).slice(0, -1);
    expect(ours.slice(0, theirs.length)).toEqual(theirs);
    expect(answer('envi')).toContain('\nzookeeper.version=3.8.0');
  });

  it('mntr prints every name that Apache prints, each with the same kind of number', () => {
    const view = new FakeAdminView();
    const path = (name: string) => Buffer.from(`/${name}/x`);
    view.stats.readTraffic.add(path('a'), 0, 4, 5);
    for (const name of ['a', 'eph2', 'eph', 't1']) {
      view.stats.writeTraffic.add(path(name), 0, name.length + 3, 5);
    }
    const read = (text: string) =>
      new Map(
        text
          .trimEnd()
          .split('\n')
          .map((line) => line.split('\t') as [string, string]),
      );
    const ours = read(answer('mntr', view));
    const theirs = read(apache('mntr.txt'));
    const shape = (value: string | undefined) =>
      value === undefined ? 'missing' : value.replace(/^-?\d+/, 'N').replace(/\.\d+$/, '.N');
    const ofOurs: Record<string, string> = {};
    const ofTheirs: Record<string, string> = {};
    for (const [name, value] of theirs) {
      ofTheirs[name] = shape(value);
      ofOurs[name] = shape(ours.get(name));
    }
    expect(ofOurs).toEqual(ofTheirs);
    expect([...ours.keys()].slice(0, 2)).toEqual(['zk_version', 'zk_server_state']);
  });
});

describe('bounds', () => {
  it('cuts off wchc at a fixed size and says so', () => {
    const view = new FakeAdminView();
    let asked = 0;
    const endless = {
      *[Symbol.iterator]() {
        for (;;) {
          asked += 1;
          yield `/${'x'.repeat(100_000)}`;
        }
      },
    };
    view.sessionWatches = [[SESSION_A, endless]];
    const text = answer('wchc', view);
    expect(text.length).toBeLessThan(4 * 1024 * 1024 + 100);
    expect(text).toMatch(/\n\.\.\. cut off after \d+ characters\n$/);
    expect(asked).toBeLessThan(100);
  });

  it('answers with a sentence when the server itself fails at the question', () => {
    const view = new FakeAdminView();
    view.dataDirBytes = () => {
      throw new Error('EACCES: permission denied');
    };
    expect(answer('dirs', view)).toBe('dirs failed: EACCES: permission denied\n');
  });
});
