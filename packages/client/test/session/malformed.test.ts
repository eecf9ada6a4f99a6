import { ErrorCode, EventType, OpCode, ReservedXid } from '@zooid/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CoreBench,
  eventBytes,
  fateOf,
  frameOf,
  NotedLastingWatch,
  NotedWatch,
  readOf,
  replyBytes,
  STAT,
  writeOf,
} from './core-bench.ts';

const NEVER = Number.POSITIVE_INFINITY;

describe('what a server must not send', () => {
  test('is an unknown error code: the call fails, the session goes on', async () => {
    const bench = CoreBench.connected();
    const call = bench.core.submit(writeOf(), NEVER, undefined);
    bench.replyToAll({ err: -9_999 });
    expect(await fateOf(call)).toMatchObject({
      error: { code: 'SERVER_ERROR', errorCode: -9_999, path: '/write' },
    });
    expect(bench.core.state).toBe('connected');
  });

  test('is an unknown event: nobody hears of it, the session goes on', () => {
    const bench = CoreBench.connected();
    const watch = new NotedWatch('data', '/x');
    bench.core.watches.addOneShot(watch);
    for (const type of [-1, 0, 5, 99]) bench.event(type, '/x');
    expect(watch.told).toEqual([]);
    bench.event(EventType.nodeDeleted, '/x');
    expect(watch.told).toEqual(['deleted /x']);
    expect(bench.core.state).toBe('connected');
  });

  test('is an answer to setWatches, to credentials or to a ping that was not sent', () => {
    for (const [xid, state] of [
      [ReservedXid.setWatches, 'suspended'],
      [ReservedXid.auth, 'connected'],
      [ReservedXid.ping, 'connected'],
    ] as const) {
      const bench = CoreBench.connected();
      bench.reply(xid);
      expect(bench.core.state).toBe(state);
    }
  });

  test('is a refusal of setWatches: another connection is tried', () => {
    const bench = CoreBench.connected();
    bench.core.watches.addOneShot(new NotedWatch('data', '/x'));
    bench.breakOff();
    bench.connect();
    bench.reply(ReservedXid.setWatches, { err: ErrorCode.unimplemented });
    expect([bench.core.state, bench.connectionCount]).toEqual(['suspended', 3]);
  });
});

/** Everything that a server may say in one conversation, frame by frame. */
function conversation(): { readonly bench: CoreBench; readonly frames: readonly Uint8Array[] } {
  const bench = new CoreBench({ replyBytesMax: 4_096 });
  bench.core.watches.addOneShot(new NotedWatch('children', '/w'));
  bench.core.watches.addLasting(new NotedLastingWatch('recursive', '/'));
  bench.core.open();
  bench.core.addAuth('digest', Uint8Array.of(1)).catch(() => {});
  bench.core.submit(readOf(), NEVER, undefined).catch(() => {});
  bench.core.submit(writeOf(), NEVER, undefined).catch(() => {});
  bench.openConnection();
  return {
    bench,
    frames: [
      bench.grantBytes(),
      replyBytes(ReservedXid.auth),
      replyBytes(ReservedXid.setWatches),
      eventBytes(EventType.nodeChildrenChanged, '/w', 3),
      replyBytes(1, { body: { op: OpCode.exists, stat: STAT } }),
      replyBytes(ReservedXid.ping),
      replyBytes(2, { err: ErrorCode.noNode }),
    ],
  };
}

describe('an answer', () => {
  test('to what has not left yet loses the connection: it is no answer', async () => {
    const bench = CoreBench.connected();
    const call = bench.core.submit(writeOf(), NEVER, undefined);
    bench.receive(replyBytes(1));
    expect(bench.core.state).toBe('suspended');
    expect(await fateOf(call)).toBe('pending');
  });
});

describe('a conversation', () => {
  test('is whole: nothing is lost when nothing is damaged', () => {
    const { bench, frames } = conversation();
    for (const frame of frames) bench.receive(frame);
    expect(bench.stateNames).toEqual(['connected']);
    expect(bench.core.pendingCount).toBe(0);
  });

  test('cut into chunks anywhere is the same', () => {
    const [grant, ...frames] = conversation().frames;
    const bytes = Uint8Array.from(frames.flatMap((frame) => [...frame]));
    for (let at = 0; at <= bytes.byteLength; at++) {
      const { bench } = conversation();
      bench.receive(grant!);
      bench.receive(bytes.subarray(0, at), bytes.subarray(at));
      expect([at, bench.core.state, bench.core.pendingCount]).toEqual([at, 'connected', 0]);
    }
  });

  test('whose end is cut off at any byte of any frame never throws, and never hangs', () => {
    const whole = conversation().frames;
    for (const [index, frame] of whole.entries()) {
      for (let bytes = 0; bytes < frame.byteLength - 4; bytes++) {
        const { bench, frames } = conversation();
        for (const before of frames.slice(0, index)) bench.receive(before);
        bench.receive(frameOf((writer) => writer.raw(frame, 4, 4 + bytes)));
        // A frame may be valid when it is shorter; then what follows goes on.
        bench.breakOff();
        bench.connect();
        expect(bench.core.state).toBe('connected');
      }
    }
  });

  test('with any byte changed never throws, and always leaves a session that can go on or has ended', () => {
    const frames = conversation().frames;
    const bytes = Uint8Array.from(frames.flatMap((frame) => [...frame]));
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: bytes.byteLength - 1 }),
        fc.integer({ min: 0, max: 255 }),
        fc.integer({ min: 1, max: bytes.byteLength }),
        (at, value, chunkBytes) => {
          const { bench } = conversation();
          const damaged = bytes.slice();
          damaged[at] = value;
          for (let from = 0; from < damaged.byteLength; from += chunkBytes) {
            bench.core.onConnectionData(damaged.subarray(from, from + chunkBytes), bench.nowMs);
            bench.turn();
          }
          bench.breakOff();
          if (bench.core.endError === undefined)
            bench.connect({ sessionId: bench.core.ticket?.id ?? 1n });
          expect(['connected', 'expired', 'auth-failed', 'closed']).toContain(bench.core.state);
          bench.advance(600_000);
          expect(['expired', 'auth-failed', 'closed']).toContain(bench.core.state);
          expect(bench.core.pendingCount).toBe(0);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('of random bytes never throws', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), (chunks) => {
        for (const bench of [CoreBench.connected(), conversation().bench]) {
          bench.receive(...chunks);
          bench.advance(600_000);
          expect(bench.core.pendingCount).toBe(
            bench.core.endError === undefined ? bench.core.pendingCount : 0,
          );
        }
      }),
    );
  });
});
