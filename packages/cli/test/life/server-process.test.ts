import { describe, expect, test } from 'vitest';
import { quoteForShell } from '../../src/life/quote-for-shell.ts';
import { kindOfProcess, kindOfWords } from '../../src/life/server-process.ts';

describe('a process', () => {
  test.each([
    ['zooid', 'node /usr/lib/node_modules/zooid/bin/zooid.mjs server /etc/zoo.cfg'],
    ['zooid', '/usr/bin/zooid server -Da=b zoo.cfg'],
    ['zooid', 'node --import tsx zooid.ts start-foreground'],
    ['apache', 'java -cp zookeeper.jar org.apache.zookeeper.server.quorum.QuorumPeerMain zoo.cfg'],
    ['apache', 'java org.apache.zookeeper.server.ZooKeeperServerMain 2181 /data'],
    ['other', 'node zooid.mjs shell localhost:2181'],
    ['other', 'vi zooid.mjs'],
    ['other', 'node my-zooid.mjs server'],
    ['other', ''],
  ])('is %s if its command line is %s', (kind, words) => {
    expect(kindOfWords(words.split(' '))).toBe(kind);
  });

  test('that runs is told from one that does not', () => {
    expect(kindOfProcess(process.pid)).toBe('other');
    expect(kindOfProcess(2 ** 22 + 1)).toBe('gone'); // Above the highest number that Linux gives.
  });
});

test('a word is quoted for a shell only if it must be', () => {
  expect(quoteForShell('-Dzookeeper.snapCount=5')).toBe('-Dzookeeper.snapCount=5');
  expect(quoteForShell("it's $HOME")).toBe("'it'\\''s $HOME'");
  expect(quoteForShell('')).toBe("''");
});
