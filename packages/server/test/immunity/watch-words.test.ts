import { describe, expect, it } from 'vitest';
import { FourLetterWords, tryFourLetterWord } from '../../src/admin/four-letter.ts';
import { FakeAdminView } from '../admin/fake-admin-view.ts';
import { good } from '../config/parse.ts';

describe('immunity: CVE-2017-5637: wchp and wchc as denial of service', () => {
  /** How many watches the server looks at to answer a word, under a configuration. */
  function watchesRead(zooCfg: string, name: string): number {
    const view = new FakeAdminView();
    let read = 0;
    const endless = {
      *[Symbol.iterator](): Generator<string> {
        for (;;) {
          read += 1;
          yield `/${'x'.repeat(10_000)}`;
        }
      },
    };
    view.sessionWatches = [[0x1n, endless]];
    const words = new FourLetterWords({ enabled: good(zooCfg).fourLetterWords }, view);
    const word = tryFourLetterWord(Buffer.from(name).readInt32BE());
    words.answer(word!);
    return read;
  }

  it('they are off unless an operator asks for them', () => {
    expect([watchesRead('', 'wchc'), watchesRead('', 'wchp')]).toEqual([0, 0]);
    expect(watchesRead('4lw.commands.whitelist=stat,mntr', 'wchc')).toBe(0);
  });

  it('and bounded when they are on', () => {
    const read = watchesRead('4lw.commands.whitelist=*', 'wchc');
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(1000);
  });
});
