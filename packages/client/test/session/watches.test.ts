import { ErrorCode, EventType, OpCode, ReservedXid } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import {
  CoreBench,
  eventBytes,
  fateOf,
  NotedLastingWatch,
  NotedWatch,
  readOf,
  replyBytes,
} from './core-bench.ts';

const NEVER = Number.POSITIVE_INFINITY;

function watchedRead(watch: NotedWatch) {
  return { ...readOf(watch.path), watch };
}

describe('a read with a watch', () => {
  test('has it from its answer on', async () => {
    const bench = CoreBench.connected();
    const watch = new NotedWatch('data', '/x');
    void bench.core.submit(watchedRead(watch), NEVER, undefined);
    const [sent] = bench.take();
    // The event is for an earlier watch: what the answer shows is newer.
    bench.receive(eventBytes(EventType.nodeDataChanged, '/x'), replyBytes(sent!.xid));
    expect(watch.told).toEqual([]);
    bench.event(EventType.nodeDataChanged, '/x');
    expect(watch.told).toEqual(['data-changed /x']);
  });

  test('of a znode that is there waits for its data, whichever read it was', () => {
    const bench = CoreBench.connected();
    void bench.core.submit(watchedRead(new NotedWatch('exist', '/x')), NEVER, undefined);
    bench.replyToAll();
    expect(bench.core.watches.kindsAt('/x')).toEqual(['data']);
  });

  test('of a znode that is not there has a watch only if it asked for its creation', async () => {
    const bench = CoreBench.connected();
    const exist = { ...watchedRead(new NotedWatch('exist', '/x')), whenAbsent: () => 'absent' };
    const children = {
      ...watchedRead(new NotedWatch('children', '/x')),
      whenAbsent: () => 'absent',
    };
    const data = watchedRead(new NotedWatch('data', '/x'));
    const calls = [exist, children, data].map((spec) => bench.core.submit(spec, NEVER, undefined));
    calls[2]!.catch(() => {});
    bench.replyToAll({ err: ErrorCode.noNode });
    expect(await fateOf(calls[0]!)).toEqual({ value: 'absent' });
    expect(await fateOf(calls[1]!)).toEqual({ value: 'absent' });
    expect(await fateOf(calls[2]!)).toMatchObject({ error: { code: 'NO_NODE' } });
    expect(bench.core.watches.kindsAt('/x')).toEqual(['exist']);
  });

  test('that is refused leaves none', () => {
    const bench = CoreBench.connected();
    bench.core.submit(watchedRead(new NotedWatch('data', '/x')), NEVER, undefined).catch(() => {});
    bench.replyToAll({ err: ErrorCode.noAuth });
    expect(bench.core.watches.size).toBe(0);
  });
});

describe('watches on a new connection', () => {
  test('are asked for from the newest zxid that was seen', () => {
    const bench = CoreBench.connected();
    void bench.core.submit(watchedRead(new NotedWatch('data', '/x')), NEVER, undefined);
    bench.replyToAll({ zxid: 30 });
    bench.event(EventType.nodeCreated, '/y', 31);
    bench.breakOff();
    bench.connect();
    expect(bench.take()[0]?.request).toMatchObject({
      op: OpCode.setWatches,
      relativeZxid: 31,
      dataWatches: ['/x'],
    });
  });

  test('hear what happened meanwhile, before any answer of the new connection', async () => {
    const bench = CoreBench.connected();
    const watch = new NotedWatch('data', '/x');
    void bench.core.submit(watchedRead(watch), NEVER, undefined);
    bench.replyToAll();
    bench.breakOff();
    const call = bench.core.submit(readOf(), NEVER, undefined);
    bench.connect();
    const sent = bench.take();
    bench.receive(
      eventBytes(EventType.nodeDataChanged, '/x'),
      replyBytes(ReservedXid.setWatches),
      replyBytes(sent[1]!.xid),
    );
    expect(watch.told).toEqual(['data-changed /x']);
    expect(await fateOf(call)).toEqual({ value: 'there is /read' });
  });
});

describe('a gap', () => {
  function withLasting() {
    const bench = CoreBench.connected();
    const watch = new NotedLastingWatch('recursive', '/x');
    bench.core.watches.addLasting(watch);
    void bench.core.submit(readOf(), NEVER, undefined);
    bench.replyToAll({ zxid: 50 });
    return { bench, watch };
  }

  test('is told when anything has happened anywhere since the last answer', () => {
    const { bench, watch } = withLasting();
    bench.breakOff();
    bench.connect();
    bench.reply(ReservedXid.setWatches, { zxid: 51 });
    expect(watch.told).toEqual(['gap']);
  });

  test('is not told when nothing has: then nothing was missed', () => {
    const { bench, watch } = withLasting();
    bench.breakOff();
    bench.connect();
    bench.reply(ReservedXid.setWatches, { zxid: 50 });
    expect(watch.told).toEqual([]);
  });

  test('is told when only an event, and no answer, was as new: others of its zxid may be missing', () => {
    const { bench, watch } = withLasting();
    bench.event(EventType.nodeCreated, '/x/1', 51);
    bench.breakOff();
    bench.connect();
    bench.reply(ReservedXid.setWatches, { zxid: 51 });
    expect(watch.told).toEqual(['created /x/1', 'gap']);
  });

  test('comes before the events of the new connection', () => {
    const { bench, watch } = withLasting();
    bench.breakOff();
    bench.connect();
    bench.receive(
      replyBytes(ReservedXid.setWatches, { zxid: 52 }),
      eventBytes(EventType.nodeDeleted, '/x', 53),
    );
    expect(watch.told).toEqual(['gap', 'deleted /x']);
  });

  test('is told once for each connection on which something may have been missed', () => {
    const { bench, watch } = withLasting();
    for (const zxid of [51, 51, 52]) {
      bench.breakOff();
      bench.connect();
      bench.reply(ReservedXid.setWatches, { zxid });
    }
    expect(watch.told).toEqual(['gap', 'gap']);
  });

  test('is told in the end when the connection breaks before the watches are back', () => {
    const { bench, watch } = withLasting();
    bench.breakOff();
    bench.connect();
    bench.breakOff();
    bench.connect();
    bench.reply(ReservedXid.setWatches, { zxid: 51 });
    expect(watch.told).toEqual(['gap']);
  });

  test('is told even if other answers of the new connection come first', () => {
    const { bench, watch } = withLasting();
    bench.breakOff();
    void bench.core.addAuth('digest', Uint8Array.of(1));
    bench.connect();
    bench.reply(ReservedXid.auth, { zxid: 55 });
    bench.reply(ReservedXid.setWatches, { zxid: 55 });
    expect(watch.told).toEqual(['gap']);
  });
});
