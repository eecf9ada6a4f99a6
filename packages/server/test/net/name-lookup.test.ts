import type { LookupAddress } from 'node:dns';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type LookedUp, NameLookup } from '../../src/net/name-lookup.ts';

const ONE = [{ address: '10.0.0.1', family: 4 }];
const TWO = [{ address: '10.0.0.2', family: 4 }];

/** A resolver that answers when it is told to. */
class SlowResolver {
  readonly asked: string[] = [];
  readonly #answers: ((error: Error | null, addresses: LookupAddress[]) => void)[] = [];

  readonly resolve = (
    host: string,
    done: (error: Error | null, addresses: LookupAddress[]) => void,
  ) => {
    this.asked.push(host);
    this.#answers.push(done);
  };

  answer(addresses: LookupAddress[] | Error): void {
    const done = this.#answers.shift()!;
    if (addresses instanceof Error) done(addresses, []);
    else done(null, addresses);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the name of a peer', () => {
  test('is asked for afresh each time', () => {
    const resolver = new SlowResolver();
    const names = new NameLookup(resolver.resolve);
    const results: LookedUp[] = [];
    names.lookup('a', (result) => results.push(result));
    resolver.answer(ONE);
    names.lookup('a', (result) => results.push(result));
    resolver.answer(TWO);
    expect(results).toEqual([ONE, TWO]);
  });

  test('is asked for once by all who want to know at a time', () => {
    const resolver = new SlowResolver();
    const names = new NameLookup(resolver.resolve);
    const results: LookedUp[] = [];
    names.lookup('a', (result) => results.push(result));
    names.lookup('a', (result) => results.push(result))();
    names.lookup('a', (result) => results.push(result));
    resolver.answer(ONE);
    // The second one had given up.
    expect(results).toEqual([ONE, ONE]);
    expect(resolver.asked).toEqual(['a']);
  });

  test('waits while two others hang, for the log needs threads, too', () => {
    const resolver = new SlowResolver();
    const names = new NameLookup(resolver.resolve);
    for (const host of ['a', 'b', 'c']) names.lookup(host, () => {});
    expect(resolver.asked).toEqual(['a', 'b']);
    resolver.answer(ONE);
    expect(resolver.asked).toEqual(['a', 'b', 'c']);
  });

  test('is what it was last, where the resolver fails or hangs', () => {
    const resolver = new SlowResolver();
    const names = new NameLookup(resolver.resolve);
    const results: LookedUp[] = [];
    names.lookup('a', () => {});
    resolver.answer(ONE);
    names.lookup('a', (result) => results.push(result));
    resolver.answer(new Error('SERVFAIL'));
    expect(results).toEqual([ONE]);
    names.lookup('a', (result) => results.push(result));
    vi.advanceTimersByTime(500);
    expect(results).toEqual([ONE, ONE]);
    // It does answer, after all: for the next one.
    resolver.answer(TWO);
    names.lookup('a', (result) => results.push(result));
    resolver.answer(new Error('SERVFAIL'));
    expect(results).toEqual([ONE, ONE, TWO]);
  });

  test('is an error while it was never known', () => {
    const resolver = new SlowResolver();
    const names = new NameLookup(resolver.resolve);
    const results: LookedUp[] = [];
    names.lookup('a', (result) => results.push(result));
    resolver.answer(new Error('ENOTFOUND'));
    names.lookup('a', (result) => results.push(result));
    resolver.answer([]);
    expect(results.map(String)).toEqual(['Error: ENOTFOUND', 'Error: a has no address']);
  });

  test('is not asked for when it is an address', async () => {
    const resolver = new SlowResolver();
    const names = new NameLookup(resolver.resolve);
    const result = await new Promise<LookedUp>((resolve) => names.lookup('::1', resolve));
    expect(result).toEqual([{ address: '::1', family: 6 }]);
    expect(resolver.asked).toEqual([]);
  });
});
