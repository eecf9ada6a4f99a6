/** The promises of TxnLog, which every implementation keeps. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TxnLog, TxnLogEvents } from '../../src/disk/txn-log.ts';
import { payloadOf, range } from '../disk/support.ts';

/** A log under test. */
export interface LogUnderTest {
  readonly log: TxnLog;
  /** Payloads that are durable, in order. Called after {@link TxnLog.close}. */
  readBack(): readonly Uint8Array[];
}

/** Opens an empty log, which goes on after `lastZxid`. */
export type OpenLog = (events: TxnLogEvents, lastZxid: number) => LogUnderTest;

/** Declares the tests for one implementation. */
export function describeTxnLog(name: string, openLog: OpenLog): void {
  describe(`${name} as a transaction log`, () => {
    test('nothing is reported as synced before sync is called', async () => {
      const { log, synced } = open(openLog);
      append(log, 1, 3);

      await turns(5);

      expect(synced).toEqual([]);
      expect(log.hasUnsynced).toBe(true);
      expect(log.isSyncing).toBe(false);
      await log.close();
    });

    test('one sync covers everything appended before it, and nothing appended after', async () => {
      const { log, synced, next } = open(openLog);
      append(log, 1, 3);
      log.sync();
      append(log, 4, 5);

      await next();

      expect(synced).toEqual([3]);
      expect(log.lastSyncedZxid).toBe(3);
      expect(log.lastAppendedZxid).toBe(5);
      expect(log.hasUnsynced).toBe(true);
      await log.close();
    });

    test('a write is in flight alone: a sync meanwhile does nothing', async () => {
      const { log, synced, next } = open(openLog);
      append(log, 1, 1);
      log.sync();
      append(log, 2, 2);
      log.sync();
      expect(log.isSyncing).toBe(true);

      await next();
      await turns(5);

      expect(synced).toEqual([1]);
      expect(log.isSyncing).toBe(false);
      await log.close();
    });

    test('a sync of nothing reports nothing', async () => {
      const { log, synced } = open(openLog);

      log.sync();
      await turns(5);

      expect(log.isSyncing).toBe(false);
      expect(synced).toEqual([]);
      await log.close();
    });

    test('news come after the call that started the write has returned', async () => {
      const { log, synced, next } = open(openLog);
      append(log, 1, 1);

      log.sync();

      expect(synced).toEqual([]);
      await next();
      expect(synced).toEqual([1]);
      await log.close();
    });

    test('the owner may append and sync from within the news', async () => {
      const synced: number[] = [];
      const done = deferred();
      const { log, readBack } = openLog(
        {
          onSynced: (zxid) => {
            synced.push(zxid);
            if (zxid === 5) {
              done.resolve();
              return;
            }
            append(log, zxid + 1, zxid + 1);
            log.sync();
          },
          onFailed: (error) => done.reject(error),
        },
        0,
      );
      append(log, 1, 1);
      log.sync();

      await done.promise;
      await log.close();

      expect(synced).toEqual([1, 2, 3, 4, 5]);
      expect(readBack()).toEqual(range(1, 5).map((zxid) => payloadOf(zxid)));
    });

    test('closing writes and reports what is left', async () => {
      const { log, synced, readBack } = open(openLog);
      append(log, 1, 2);
      log.sync();
      append(log, 3, 4);

      await log.close();

      expect(synced).toEqual([2, 4]);
      expect(readBack()).toEqual(range(1, 4).map((zxid) => payloadOf(zxid)));
    });

    test('what the owner appends on the news of the last write is written too, and then no more', async () => {
      const synced: number[] = [];
      const { log, readBack } = openLog(
        {
          onSynced: (zxid) => {
            synced.push(zxid);
            if (zxid < 3) append(log, zxid + 1, zxid + 1);
          },
          onFailed: (error) => {
            throw error;
          },
        },
        0,
      );
      append(log, 1, 1);

      await log.close();
      append(log, 4, 4);
      log.sync();
      await turns(3);

      expect(synced).toEqual([1, 2, 3]);
      expect(log.hasUnsynced).toBe(false);
      expect(readBack()).toEqual(range(1, 3).map((zxid) => payloadOf(zxid)));
    });

    test('records of every size come back as they were', async () => {
      const { log, readBack } = open(openLog);
      const sizes = [0, 1, 7, 8, 470, 480, 481, 4096, 70_000, 1_500_000, 3];
      sizes.forEach((size, i) => {
        const payload = payloadOf(i + 1, size);
        log.append(i + 1, payload, 0, payload.byteLength);
      });

      await log.close();

      const expected = sizes.map((size, i) => payloadOf(i + 1, size));
      const actual = readBack();
      expect(actual.length).toBe(expected.length);
      for (const [i, payload] of expected.entries()) {
        expect(Buffer.compare(actual[i]!, payload), `record ${i}`).toBe(0);
      }
    });

    test('only the given range of bytes is stored', async () => {
      const { log, readBack } = open(openLog);
      const payload = payloadOf(1);
      const padded = new Uint8Array(payload.byteLength + 10).fill(0xee);
      padded.set(payload, 5);

      log.append(1, padded, 5, 5 + payload.byteLength);
      padded.fill(0);
      await log.close();

      expect(readBack()).toEqual([payload]);
    });

    test('a zxid that leaves a gap is a bug and stops', async () => {
      const { log } = open(openLog, 10);

      expect(() => append(log, 12, 12)).toThrow(/without a gap/);
      expect(() => append(log, 10, 10)).toThrow(/without a gap/);
      append(log, 11, 11);
      append(log, 0x1_0000_0001, 0x1_0000_0001);
      await log.close();
    });

    test('counts bytes and records since the last snapshot', async () => {
      const { log } = open(openLog);
      append(log, 1, 2);
      expect(log.recordsSinceSnapshot).toBe(2);
      expect(log.bytesSinceSnapshot).toBe(2 * (payloadOf(1).byteLength + 13));

      log.markSnapshot();
      append(log, 3, 3);

      expect(log.recordsSinceSnapshot).toBe(1);
      expect(log.bytesSinceSnapshot).toBe(payloadOf(3).byteLength + 13);
      await log.close();
    });

    test('whatever the order of appends, syncs and rolls, all records come back in order', async () => {
      const step = fc.oneof(
        {
          weight: 4,
          arbitrary: fc.record({ kind: fc.constant('append' as const), size: fc.nat(3000) }),
        },
        {
          weight: 2,
          arbitrary: fc.record({ kind: fc.constant('sync' as const), size: fc.constant(0) }),
        },
        {
          weight: 1,
          arbitrary: fc.record({ kind: fc.constant('roll' as const), size: fc.constant(0) }),
        },
        {
          weight: 2,
          arbitrary: fc.record({ kind: fc.constant('wait' as const), size: fc.nat(3) }),
        },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
          const { log, synced, readBack } = open(openLog);
          const appended: Uint8Array[] = [];
          for (const { kind, size } of steps) {
            if (kind === 'append') {
              const payload = payloadOf(appended.length + 1, size);
              appended.push(payload);
              log.append(appended.length, payload, 0, payload.byteLength);
            } else if (kind === 'sync') log.sync();
            else if (kind === 'roll') log.roll();
            else await turns(size);
          }
          await log.close();

          const actual = readBack();
          expect(actual.length).toBe(appended.length);
          for (const [i, payload] of appended.entries()) {
            expect(Buffer.compare(actual[i]!, payload)).toBe(0);
          }
          expect(synced).toEqual([...synced].sort((a, b) => a - b));
          expect(synced.at(-1) ?? 0).toBe(appended.length);
        }),
        { numRuns: 40 },
      );
    });
  });
}

interface OpenedLog extends LogUnderTest {
  readonly synced: readonly number[];
  /** Resolves at the next news. */
  next(): Promise<void>;
}

function open(openLog: OpenLog, lastZxid = 0): OpenedLog {
  const synced: number[] = [];
  let waiting: Deferred | undefined;
  const underTest = openLog(
    {
      onSynced: (zxid) => {
        synced.push(zxid);
        waiting?.resolve();
      },
      onFailed: (error) => waiting?.reject(error),
    },
    lastZxid,
  );
  return {
    ...underTest,
    synced,
    next: () => {
      waiting = deferred();
      return waiting.promise;
    },
  };
}

function append(log: TxnLog, first: number, last: number): void {
  for (let zxid = first; zxid <= last; zxid++) {
    const payload = payloadOf(zxid);
    log.append(zxid, payload, 0, payload.byteLength);
  }
}

interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

function deferred(): Deferred {
  let resolve: () => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Lets the event loop turn a few times. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
