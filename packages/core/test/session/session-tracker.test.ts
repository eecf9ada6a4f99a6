import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Session } from '../../src/session/session.ts';
import { HERE, SessionTracker } from '../../src/session/session-tracker.ts';

const tickTimeMs = 2000;

const ids = (sessions: Iterable<Session>) => [...sessions].map((s) => s.id).sort();

describe('session expiry', () => {
  it('comes at the first tick that begins more than the timeout after the last touch', () => {
    const tracker = new SessionTracker({ tickTimeMs });
    tracker.track(1n, 4000, 1);
    expect(tracker.takeDue(5999)).toEqual([]);
    expect(ids(tracker.takeDue(6000))).toEqual([1n]);
  });

  it('is a whole tick later when the timeout ends exactly on a tick', () => {
    const tracker = new SessionTracker({ tickTimeMs });
    tracker.track(1n, 4000, 2000);
    expect(tracker.takeDue(7999)).toEqual([]);
    expect(ids(tracker.takeDue(8000))).toEqual([1n]);
  });

  it('takes all sessions of a bucket together and none of the next bucket', () => {
    const tracker = new SessionTracker({ tickTimeMs });
    tracker.track(1n, 4000, 0);
    tracker.track(2n, 4000, 1999);
    tracker.track(3n, 4000, 2000);
    expect(ids(tracker.takeDue(6000))).toEqual([1n, 2n]);
    expect(ids(tracker.takeDue(8000))).toEqual([3n]);
  });

  it('is put off by a touch', () => {
    const tracker = new SessionTracker({ tickTimeMs });
    const session = tracker.track(1n, 4000, 0);
    tracker.touch(session, 5000);
    expect(tracker.takeDue(9999)).toEqual([]);
    expect(ids(tracker.takeDue(10_000))).toEqual([1n]);
  });

  it('does not count the time in which nobody could be heard, and tells when it comes by the clock of the caller', () => {
    const tracker = new SessionTracker({ tickTimeMs });
    const session = tracker.track(1n, 4000, 0);
    tracker.excuse(5500);
    expect(tracker.expiryMsOf(session)).toBe(11_500);
    expect(tracker.nextDueMs(5500)).toBe(7500);
    expect([...tracker.buckets()].map(([expiryMs]) => expiryMs)).toEqual([11_500]);
    expect(tracker.takeDue(11_499)).toEqual([]);
    expect(ids(tracker.takeDue(11_500))).toEqual([1n]);
  });

  it('leaves time for what other servers may have promised, and none to those whose clients are here', () => {
    const grace = { elsewhereMs: 2000, unclaimedMs: 4000 };
    const tracker = new SessionTracker({ tickTimeMs, grace });
    const somebody = {};
    tracker.track(1n, 4000, 0, HERE);
    tracker.track(2n, 4000, 0, somebody);
    const unclaimed = tracker.track(3n, 4000, 0);
    expect(ids(tracker.takeDue(6000))).toEqual([1n]);
    expect(ids(tracker.takeDue(8000))).toEqual([2n]);
    unclaimed.owner = somebody;
    expect(tracker.track(3n, 4000, 8000).owner).toBe(somebody);
    tracker.touch(unclaimed, 8500);
    expect(tracker.takeDue(14_000)).toEqual([]);
    expect(ids(tracker.takeDue(16_000))).toEqual([3n]);
  });

  it('is put off tick by tick as long as the caller says so', () => {
    const tracker = new SessionTracker({ tickTimeMs });
    const session = tracker.track(1n, 4000, 0);
    const asked: number[] = [];
    const mustWait = (_: Session, dueMs: number): boolean => asked.push(dueMs) < 3;
    for (const nowMs of [6000, 7999, 8000]) expect(tracker.takeDue(nowMs, mustWait)).toEqual([]);
    expect(session.isClosing).toBe(false);
    expect(tracker.takeDue(10_000, mustWait)).toEqual([session]);
    expect(asked).toEqual([6000, 8000, 10_000]);
  });

  it('that is put off takes a touch as any', () => {
    const tracker = new SessionTracker({ tickTimeMs });
    const session = tracker.track(1n, 4000, 0);
    expect(tracker.takeDue(6000, () => true)).toEqual([]);
    tracker.touch(session, 7000);
    expect(tracker.takeDue(10_000)).toEqual([]);
    expect(tracker.takeDue(12_000)).toEqual([session]);
  });

  it('happens once: the session is closing and stays known until it is removed', () => {
    const tracker = new SessionTracker({ tickTimeMs });
    const session = tracker.track(1n, 4000, 0);
    expect(tracker.takeDue(6000)).toEqual([session]);
    expect(session.isClosing).toBe(true);
    expect(tracker.get(1n)).toBe(session);
    tracker.touch(session, 6001);
    expect(tracker.takeDue(1_000_000)).toEqual([]);
    tracker.remove(session);
    expect(tracker.get(1n)).toBeUndefined();
    expect(tracker.size).toBe(0);
  });

  it('leaves out a session whose client asked for its end before', () => {
    const tracker = new SessionTracker({ tickTimeMs });
    const session = tracker.track(1n, 4000, 0);
    session.isClosing = true;
    tracker.touch(session, 5000);
    expect(tracker.takeDue(1_000_000)).toEqual([]);
    expect(tracker.size).toBe(1);
  });

  it('does not come for a removed session, nor does a touch bring it back', () => {
    const tracker = new SessionTracker({ tickTimeMs });
    const session = tracker.track(1n, 4000, 0);
    tracker.remove(session);
    tracker.touch(session, 3000);
    tracker.setTimeout(session, 9000, 3000);
    expect(tracker.takeDue(1_000_000)).toEqual([]);
    expect([...tracker.buckets()]).toEqual([]);
  });

  it('takes everything that is due after the server stood still for a long time', () => {
    const tracker = new SessionTracker({ tickTimeMs: 1 });
    for (let i = 0; i < 100; i++) tracker.track(BigInt(i), 10 + i, 0);
    tracker.takeDue(0);
    const due = tracker.takeDue(2 ** 40);
    expect(due.map((s) => s.id)).toEqual(Array.from({ length: 100 }, (_, i) => BigInt(i)));
    tracker.track(200n, 10, 2 ** 40);
    expect(ids(tracker.takeDue(2 ** 40 + 11))).toEqual([200n]);
  });

  it('is not lost when the clock goes back: the session waits for the next bucket', () => {
    const tracker = new SessionTracker({ tickTimeMs });
    tracker.takeDue(20_000);
    tracker.track(1n, 4000, 0);
    expect(ids(tracker.takeDue(22_000))).toEqual([1n]);
  });
});

describe('session timeout', () => {
  it('can be made shorter and longer by the connection that holds the session', () => {
    const tracker = new SessionTracker({ tickTimeMs });
    const session = tracker.track(1n, 40_000, 0);
    tracker.setTimeout(session, 4000, 100);
    expect(session.timeoutMs).toBe(4000);
    expect(session.expiryMs).toBe(6000);
    tracker.setTimeout(session, 20_000, 200);
    expect(session.expiryMs).toBe(22_000);
  });

  it('starts afresh when the session is tracked again', () => {
    const tracker = new SessionTracker({ tickTimeMs });
    const session = tracker.track(1n, 4000, 0);
    expect(tracker.track(1n, 8000, 1000)).toBe(session);
    expect(session.timeoutMs).toBe(8000);
    expect(session.expiryMs).toBe(10_000);
    expect(tracker.size).toBe(1);
  });
});

describe('buckets', () => {
  it('are listed earliest first, emptied ones included until they are due', () => {
    const tracker = new SessionTracker({ tickTimeMs });
    const first = tracker.track(1n, 8000, 0);
    tracker.track(2n, 4000, 0);
    tracker.touch(first, 3000);
    const listed = () => [...tracker.buckets()].map(([at, s]) => [at, ids(s)]);
    expect(listed()).toEqual([
      [6000, [2n]],
      [10_000, []],
      [12_000, [1n]],
    ]);
    tracker.takeDue(10_000);
    expect(listed()).toEqual([[12_000, [1n]]]);
  });

  it('that are due next are announced', () => {
    const tracker = new SessionTracker({ tickTimeMs });
    expect(tracker.nextDueMs(4500)).toBe(6000);
    tracker.takeDue(6100);
    expect(tracker.nextDueMs(6100)).toBe(8000);
  });
});

// The model keeps one expiry time for each session and compares all of them at every step.
type Step =
  | { readonly do: 'track' | 'setTimeout'; readonly id: number; readonly timeoutMs: number }
  | { readonly do: 'touch' | 'close' | 'remove'; readonly id: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'take' };

const id = fc.integer({ min: 0, max: 5 });
const timeoutMs = fc.integer({ min: 1, max: 60 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('track', 'setTimeout'), id, timeoutMs }),
  fc.record({ do: fc.constantFrom('touch', 'touch', 'close', 'remove'), id }),
  fc.record({ do: fc.constant('wait'), ms: fc.integer({ min: 0, max: 50 }) }),
  fc.record({ do: fc.constant('take') }),
) as fc.Arbitrary<Step>;

interface ModelSession {
  timeoutMs: number;
  expiryMs: number;
  isClosing: boolean;
}

describe('SessionTracker', () => {
  it('expires exactly the sessions that a list of expiry times says, at any interleaving', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(step, { maxLength: 80 }),
        (tick, steps) => {
          const tracker = new SessionTracker({ tickTimeMs: tick });
          const model = new Map<bigint, ModelSession>();
          const expiryOf = (at: number) => (Math.floor(at / tick) + 1) * tick;
          let nowMs = 0;
          tracker.takeDue(nowMs);
          for (const s of steps) {
            if (s.do === 'wait') {
              nowMs += s.ms;
            } else if (s.do === 'take') {
              const expected: bigint[] = [];
              for (const [key, known] of model) {
                if (known.isClosing || known.expiryMs > nowMs) continue;
                known.isClosing = true;
                expected.push(key);
              }
              expect(ids(tracker.takeDue(nowMs))).toEqual(expected.sort());
            } else {
              const key = BigInt(s.id);
              let known = model.get(key);
              const session = tracker.get(key);
              expect(session !== undefined).toBe(known !== undefined);
              if (s.do === 'track' && known === undefined) {
                known = { timeoutMs: s.timeoutMs, expiryMs: 0, isClosing: false };
                known.expiryMs = expiryOf(nowMs + s.timeoutMs);
                model.set(key, known);
                tracker.track(key, s.timeoutMs, nowMs);
              } else if (session !== undefined && known !== undefined) {
                if (s.do === 'close') {
                  session.isClosing = true;
                  known.isClosing = true;
                } else if (s.do === 'remove') {
                  tracker.remove(session);
                  model.delete(key);
                } else {
                  if (!('timeoutMs' in s)) {
                    tracker.touch(session, nowMs);
                  } else {
                    if (s.do === 'setTimeout') tracker.setTimeout(session, s.timeoutMs, nowMs);
                    else tracker.track(key, s.timeoutMs, nowMs);
                    known.timeoutMs = s.timeoutMs;
                  }
                  if (!known.isClosing) known.expiryMs = expiryOf(nowMs + known.timeoutMs);
                }
              }
            }
          }
          expect(tracker.size).toBe(model.size);
          const waiting = [...tracker.buckets()].flatMap(([at, sessions]) =>
            sessions.filter((s) => !s.isClosing).map((s) => [s.id, at]),
          );
          const expected = [...model].filter(([, s]) => !s.isClosing);
          expect(waiting.sort()).toEqual(expected.map(([key, s]) => [key, s.expiryMs]).sort());
        },
      ),
      { numRuns: 300 },
    );
  });
});
