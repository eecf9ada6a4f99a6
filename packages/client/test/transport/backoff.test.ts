import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Backoff } from '../../src/transport/backoff.ts';

const almostOne = (): number => 1 - Number.EPSILON;

test('the bound of a pause doubles up to the greatest', () => {
  const backoff = new Backoff({ baseMs: 100, maxMs: 1000 }, almostOne);

  const pauses = Array.from({ length: 6 }, () => Math.ceil(backoff.next()));

  expect(pauses).toEqual([100, 200, 400, 800, 1000, 1000]);
});

test('a pause is drawn from all that is below its bound', () => {
  const draws = [0, 0.25, 0.5];
  const backoff = new Backoff({ baseMs: 100, maxMs: 1000 }, () => draws.shift()!);

  expect([backoff.next(), backoff.next(), backoff.next()]).toEqual([0, 50, 200]);
});

test('after a reset the pauses are short again', () => {
  const backoff = new Backoff({ baseMs: 100, maxMs: 1000 }, almostOne);
  for (let i = 0; i < 5; i++) backoff.next();

  backoff.reset();

  expect(Math.ceil(backoff.next())).toBe(100);
  expect(Math.ceil(backoff.next())).toBe(200);
});

test('no pause is negative or exceeds its bound, however many attempts fail', () => {
  const options = fc.record({
    baseMs: fc.integer({ min: 1, max: 1e6 }),
    maxMs: fc.integer({ min: 1, max: 1e6 }),
  });
  fc.assert(
    fc.property(options, fc.nat(3000), (bounds, failures) => {
      const backoff = new Backoff(bounds, almostOne);
      for (let attempt = 0; attempt < failures; attempt++) {
        const pauseMs = backoff.next();
        const boundMs = Math.min(bounds.maxMs, bounds.baseMs * 2 ** Math.min(attempt, 1000));
        if (!(pauseMs >= 0 && pauseMs <= boundMs)) throw new Error(`${attempt}: ${pauseMs}`);
      }
    }),
  );
});
