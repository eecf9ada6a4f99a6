import { ErrorCode, JuteWriter, OpCode } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { Call, type CallSpec } from '../../src/session/call.ts';
import { CallDesk } from '../../src/session/call-desk.ts';
import { CoreBench, fateOf, readOf, replyBytes, TIMEOUT_MS, writeOf } from './core-bench.ts';

const NEVER = Number.POSITIVE_INFINITY;
const SENT_BYTES_MAX = 4 * 1024 * 1024;

function bigWriteOf(dataBytes: number): CallSpec<string> {
  const path = '/big';
  return {
    ...writeOf(path),
    request: { op: OpCode.setData, path, data: new Uint8Array(dataBytes), version: -1 },
  };
}

describe('calls', () => {
  test('of one turn leave in one write, numbered from 1', () => {
    const bench = CoreBench.connected();
    for (let i = 0; i < 3; i++) void bench.core.submit(readOf(`/${i}`), NEVER, undefined);
    expect(bench.take()).toEqual(
      [0, 1, 2].map((i) => ({
        xid: i + 1,
        request: { op: OpCode.exists, path: `/${i}`, watch: false },
      })),
    );
  });

  test('are answered in order, several by one chunk and one by several', async () => {
    const bench = CoreBench.connected();
    const calls = ['/a', '/b', '/c'].map((path) =>
      bench.core.submit(readOf(path), NEVER, undefined),
    );
    const [a, b, c] = bench.take().map(({ xid }) => replyBytes(xid));
    const rest = Uint8Array.of(...b!, ...c!);
    bench.receive(Uint8Array.of(...a!, ...rest.subarray(0, 5)), rest.subarray(5));
    expect(await Promise.all(calls)).toEqual(['there is /a', 'there is /b', 'there is /c']);
    expect(bench.core.pendingCount).toBe(0);
  });

  test('that the server refuses say where and why', async () => {
    const bench = CoreBench.connected();
    const call = bench.core.submit(writeOf('/gone'), NEVER, undefined);
    bench.replyToAll({ err: ErrorCode.noNode });
    expect(await fateOf(call)).toMatchObject({
      error: { code: 'NO_NODE', operation: 'delete', path: '/gone', outcome: 'not-applied' },
    });
    expect(bench.core.state).toBe('connected');
  });

  test('have numbers that begin at 1 again behind the largest', () => {
    const limits = { resendsReads: true, pendingMax: 10, requestBytesMax: 1_000 };
    const desk = new CallDesk(limits, 0x7fff_fffe);
    const calls = [1, 2, 3].map(() => new Call(readOf(), NEVER, undefined));
    for (const call of calls) desk.add(call, new JuteWriter());
    desk.markFlushed(0);
    expect(calls.map(({ xid }) => xid)).toEqual([0x7fff_fffe, 0x7fff_ffff, 1]);
    for (const call of calls) expect(desk.takeAnswered(call.xid)).toBe(call);
  });

  test('answered out of order lose the connection: nobody knows what belongs to what', async () => {
    for (const wrongXid of [2, 99, 0, -100]) {
      const bench = CoreBench.connected();
      const read = bench.core.submit(readOf(), NEVER, undefined);
      const write = bench.core.submit(writeOf(), NEVER, undefined);
      bench.take();
      bench.reply(wrongXid);
      expect(bench.core.state).toBe('suspended');
      expect(bench.states.at(-1)?.cause).toMatchObject({ code: 'PROTOCOL' });
      expect(await fateOf(write)).toMatchObject({
        error: { code: 'CONNECTION_LOSS', outcome: 'unknown' },
      });
      expect(await fateOf(read)).toBe('pending');
    }
  });

  test('of which nobody asked an answer lose the connection, too', () => {
    const bench = CoreBench.connected();
    bench.reply(1);
    expect(bench.core.state).toBe('suspended');
  });
});

describe('a lost connection', () => {
  test('has reads sent again, in their order and before what came later', async () => {
    const bench = CoreBench.connected();
    const calls = [readOf('/1'), writeOf('/2', 'repeatable'), readOf('/3')].map((spec) =>
      bench.core.submit(spec, NEVER, undefined),
    );
    bench.take();
    bench.breakOff();
    calls.push(bench.core.submit(writeOf('/4'), NEVER, undefined));
    bench.connect();
    const sent = bench.take();
    expect(sent.map(({ request }) => 'path' in request && request.path)).toEqual([
      '/1',
      '/2',
      '/3',
      '/4',
    ]);
    for (const { xid } of sent) bench.reply(xid);
    expect(await Promise.all(calls)).toHaveLength(4);
  });

  test('fails a write that was sent, with an unknown outcome, and does not send it again', async () => {
    const bench = CoreBench.connected();
    const cause = new Error('reset by peer');
    const call = bench.core.submit(writeOf(), NEVER, undefined);
    bench.take();
    bench.breakOff(cause);
    expect(await fateOf(call)).toMatchObject({
      error: { code: 'CONNECTION_LOSS', outcome: 'unknown', path: '/write', cause },
    });
    bench.connect();
    expect(bench.take()).toEqual([]);
  });

  test('keeps a write that has not left yet, for the next one', async () => {
    const bench = CoreBench.connected();
    const call = bench.core.submit(writeOf(), NEVER, undefined);
    // In the same turn, before the flush.
    bench.core.onConnectionClosed(undefined, bench.nowMs);
    expect(await fateOf(call)).toBe('pending');
    bench.connect();
    bench.replyToAll();
    expect(await fateOf(call)).toEqual({ value: 'deleted /write' });
  });

  test('fails reads, too, where that was asked for: they changed nothing', async () => {
    const bench = CoreBench.connected({ resendsReads: false });
    const read = bench.core.submit(readOf(), NEVER, undefined);
    const repeatable = bench.core.submit(writeOf('/w', 'repeatable'), NEVER, undefined);
    bench.take();
    bench.breakOff();
    expect(await fateOf(read)).toMatchObject({
      error: { code: 'CONNECTION_LOSS', outcome: 'not-applied' },
    });
    expect(await fateOf(repeatable)).toBe('pending');
  });

  test('is not waited for by those who gave up', () => {
    const bench = CoreBench.connected();
    const controller = new AbortController();
    bench.core.submit(readOf(), NEVER, controller.signal).catch(() => {});
    bench.take();
    controller.abort();
    bench.breakOff();
    bench.connect();
    expect(bench.take()).toEqual([]);
    expect(bench.core.pendingCount).toBe(0);
  });
});

describe('the end of the session', () => {
  test('tells every call what became of it', async () => {
    const bench = CoreBench.connected();
    const sentWrite = bench.core.submit(writeOf('/sent'), NEVER, undefined);
    const sentRead = bench.core.submit(readOf('/sent'), NEVER, undefined);
    bench.take();
    const unsent = bench.core.submit(writeOf('/unsent'), NEVER, undefined);
    // The server has ended the session: it says so to whichever request comes next.
    bench.core.onConnectionData(replyBytes(1, { err: ErrorCode.sessionExpired }), bench.nowMs);
    expect(await fateOf(sentWrite)).toMatchObject({ error: { code: 'SESSION_EXPIRED' } });
    expect(await fateOf(sentRead)).toMatchObject({
      error: { code: 'SESSION_EXPIRED', outcome: 'not-applied' },
    });
    expect(await fateOf(unsent)).toMatchObject({
      error: { code: 'SESSION_EXPIRED', outcome: 'not-applied', path: '/unsent' },
    });
    expect(bench.core.state).toBe('expired');
    const later = bench.core.submit(readOf(), NEVER, undefined);
    expect(await fateOf(later)).toMatchObject({ error: { code: 'SESSION_EXPIRED' } });
    expect(bench.core.pendingCount).toBe(0);
  });

  test('comes for calls that wait without a connection, when the session expires', async () => {
    const bench = CoreBench.connected();
    const write = bench.core.submit(writeOf(), NEVER, undefined);
    bench.take();
    bench.breakOff();
    const read = bench.core.submit(readOf(), NEVER, undefined);
    bench.advance(TIMEOUT_MS);
    expect(await fateOf(write)).toMatchObject({ error: { code: 'CONNECTION_LOSS' } });
    expect(await fateOf(read)).toMatchObject({
      error: { code: 'SESSION_EXPIRED', outcome: 'not-applied' },
    });
  });
});

describe('giving up', () => {
  test('by a signal before the call asks nothing of the server', async () => {
    const bench = CoreBench.connected();
    const reason = new Error('not wanted');
    const call = bench.core.submit(writeOf(), NEVER, AbortSignal.abort(reason));
    expect(await fateOf(call)).toEqual({ error: reason });
    expect(bench.take()).toEqual([]);
  });

  test('by a signal in the queue keeps the request from being sent', async () => {
    const bench = CoreBench.connected();
    bench.breakOff();
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const call = bench.core.submit(writeOf(), NEVER, controller.signal);
    controller.abort(reason);
    expect(await fateOf(call)).toEqual({ error: reason });
    bench.connect();
    expect(bench.take()).toEqual([]);
    expect(bench.core.pendingCount).toBe(0);
  });

  test('by a signal in flight leaves the order of answers as it is', async () => {
    const bench = CoreBench.connected();
    const controller = new AbortController();
    const abandoned = bench.core.submit(writeOf(), NEVER, controller.signal);
    const other = bench.core.submit(readOf(), NEVER, undefined);
    const sent = bench.take();
    controller.abort();
    expect(await fateOf(abandoned)).toMatchObject({ error: { name: 'AbortError' } });
    for (const { xid } of sent) bench.reply(xid);
    expect(await fateOf(other)).toEqual({ value: 'there is /read' });
  });

  test('of a watched read leaves no watch here', () => {
    const bench = CoreBench.connected();
    const controller = new AbortController();
    const watch = { kind: 'data', path: '/w', onEvent: () => {}, onEnd: () => {} } as const;
    bench.core.submit({ ...readOf('/w'), watch }, NEVER, controller.signal).catch(() => {});
    const sent = bench.take();
    controller.abort();
    bench.reply(sent[0]!.xid);
    expect(bench.core.watches.size).toBe(0);
  });

  test('by time tells of an unknown outcome only where there may be one', async () => {
    const bench = CoreBench.connected();
    const write = bench.core.submit(writeOf(), bench.nowMs + 500, undefined);
    const read = bench.core.submit(readOf(), bench.nowMs + 500, undefined);
    const patient = bench.core.submit(readOf('/patient'), bench.nowMs + 501, undefined);
    const sent = bench.take();
    bench.advance(499);
    expect(await fateOf(write)).toBe('pending');
    bench.advance(1);
    expect(await fateOf(write)).toMatchObject({
      error: { code: 'OPERATION_TIMEOUT', outcome: 'unknown', path: '/write' },
    });
    expect(await fateOf(read)).toMatchObject({
      error: { code: 'OPERATION_TIMEOUT', outcome: 'not-applied' },
    });
    expect(await fateOf(patient)).toBe('pending');
    for (const { xid } of sent) bench.reply(xid);
    expect(await fateOf(patient)).toEqual({ value: 'there is /patient' });
  });

  test('by time in the queue has changed nothing, and nothing is sent later', async () => {
    const bench = CoreBench.connected();
    bench.breakOff();
    const call = bench.core.submit(writeOf(), bench.nowMs + 500, undefined);
    bench.advance(500);
    expect(await fateOf(call)).toMatchObject({
      error: { code: 'OPERATION_TIMEOUT', outcome: 'not-applied' },
    });
    bench.connect();
    expect(bench.take()).toEqual([]);
  });

  test('by time comes in the order of the deadlines, not of the calls', async () => {
    const bench = CoreBench.connected();
    const later = bench.core.submit(readOf('/later'), bench.nowMs + 900, undefined);
    const sooner = bench.core.submit(readOf('/sooner'), bench.nowMs + 300, undefined);
    bench.advance(300);
    expect(await fateOf(sooner)).toMatchObject({ error: { code: 'OPERATION_TIMEOUT' } });
    expect(await fateOf(later)).toBe('pending');
    bench.advance(600);
    expect(await fateOf(later)).toMatchObject({ error: { code: 'OPERATION_TIMEOUT' } });
  });
});

describe('bounds', () => {
  test('let so many calls wait and no more, whether sent or not', async () => {
    const bench = CoreBench.connected({ pendingMax: 3 });
    const first = bench.core.submit(readOf(), NEVER, undefined);
    void bench.core.submit(readOf(), NEVER, undefined);
    const sent = bench.take();
    bench.core.reconnect(new Error('elsewhere'));
    void bench.core.submit(readOf(), NEVER, undefined);
    const refused = bench.core.submit(writeOf(), NEVER, undefined);
    expect(await fateOf(refused)).toMatchObject({
      error: { code: 'TOO_MANY_PENDING', outcome: 'not-applied', path: '/write' },
    });
    expect(sent).toHaveLength(2);
    bench.connect();
    bench.replyToAll();
    expect(await fateOf(first)).toEqual({ value: 'there is /read' });
    const accepted = bench.core.submit(readOf(), NEVER, undefined);
    bench.replyToAll();
    expect(await fateOf(accepted)).toEqual({ value: 'there is /read' });
  });

  test('count nobody who gave up', async () => {
    const bench = CoreBench.connected({ pendingMax: 2 });
    bench.breakOff();
    for (let i = 0; i < 10; i++) {
      const controller = new AbortController();
      const call = bench.core.submit(readOf(), NEVER, controller.signal);
      controller.abort();
      expect(await fateOf(call)).toMatchObject({ error: { name: 'AbortError' } });
    }
  });

  test('hold calls back while 4 MiB are on their way, and let them go as answers come', async () => {
    const bench = CoreBench.connected();
    const calls = Array.from({ length: 9 }, () =>
      bench.core.submit(bigWriteOf(1_000_000), NEVER, undefined),
    );
    const small = bench.core.submit(readOf(), NEVER, undefined);
    const sent = [...bench.take()];
    expect(sent).toHaveLength(Math.ceil(SENT_BYTES_MAX / 1_000_000));
    expect(bench.core.pendingCount).toBe(10);
    for (let next = sent.shift(); next !== undefined; next = sent.shift()) {
      bench.reply(next.xid);
      sent.push(...bench.take());
    }
    expect(await Promise.all([...calls, small])).toHaveLength(10);
  });

  test('refuse a request that no server would take, and send the others', async () => {
    const bench = CoreBench.connected({ requestBytesMax: 1_000 });
    const first = bench.core.submit(readOf(), NEVER, undefined);
    const tooLarge = bench.core.submit(bigWriteOf(1_000), NEVER, undefined);
    const last = bench.core.submit(readOf(), NEVER, undefined);
    expect(await fateOf(tooLarge)).toMatchObject({
      error: { code: 'REQUEST_TOO_LARGE', outcome: 'not-applied', path: '/big' },
    });
    const sent = bench.take();
    expect(sent.map(({ xid }) => xid)).toEqual([1, 2]);
    for (const { xid } of sent) bench.reply(xid);
    expect(await Promise.all([first, last])).toHaveLength(2);
  });

  test('lose a connection whose reply is too long, and say how long it was', () => {
    const bench = CoreBench.connected({ replyBytesMax: 1_000 });
    bench.receive(Uint8Array.of(0, 0, 0x04, 0));
    expect(bench.core.state).toBe('suspended');
    expect(bench.states.at(-1)?.cause).toMatchObject({
      code: 'PROTOCOL',
      message: expect.stringContaining('1024'),
    });
  });
});

describe('a request that cannot be encoded', () => {
  // As JavaScript would send it: the types forbid it, JSON does not.
  const broken = {
    ...writeOf('/broken'),
    request: { op: OpCode.setACL, path: '/broken', acl: [null], version: 1 },
  } as unknown as CallSpec<string>;

  test('fails alone: what is sent stays whole', async () => {
    const bench = CoreBench.connected();
    const before = bench.core.submit(readOf('/before'), NEVER, undefined);
    const call = bench.core.submit(broken, NEVER, undefined);
    const after = bench.core.submit(readOf('/after'), NEVER, undefined);
    expect(await fateOf(call)).toMatchObject({
      error: { code: 'BAD_ARGUMENTS', outcome: 'not-applied', path: '/broken' },
    });
    expect(bench.take().map(({ request }) => request)).toMatchObject([
      { path: '/before' },
      { path: '/after' },
    ]);
    bench.reply(1);
    bench.reply(2);
    expect(await Promise.all([before, after])).toHaveLength(2);
  });

  test('fails alone also when it waited for a connection', async () => {
    const bench = CoreBench.connected();
    bench.breakOff();
    const call = bench.core.submit(broken, NEVER, undefined);
    const after = bench.core.submit(readOf('/after'), NEVER, undefined);
    bench.connect();
    expect(await fateOf(call)).toMatchObject({ error: { code: 'BAD_ARGUMENTS' } });
    bench.replyToAll();
    expect(await fateOf(after)).toEqual({ value: 'there is /after' });
  });
});

describe('a result that cannot be decoded', () => {
  test('loses the connection, and its call says that the server is to blame', async () => {
    const bench = CoreBench.connected();
    const cause = new Error('cut short');
    const call = bench.core.submit(
      {
        ...writeOf(),
        decode: () => {
          throw cause;
        },
      },
      NEVER,
      undefined,
    );
    bench.replyToAll();
    expect(await fateOf(call)).toMatchObject({
      error: { code: 'PROTOCOL', path: '/write', outcome: 'unknown', cause },
    });
    expect(bench.core.state).toBe('suspended');
  });
});

describe('the stack of an error', () => {
  test('shows where the call was made, when that is wanted', async () => {
    const bench = CoreBench.connected({ keepsCallSites: true });
    function whoCalled() {
      return bench.core.submit(writeOf(), NEVER, undefined);
    }
    const call = whoCalled();
    bench.replyToAll({ err: ErrorCode.noNode });
    const fate = (await fateOf(call)) as { readonly error: Error };
    expect(fate.error.stack).toContain('whoCalled');
    expect(fate.error.stack).toContain('NoNodeError: delete /write: ');
  });
});

describe('a session that has moved to another server', () => {
  test('has the call fail as one that was not carried out, and looks for a server again', async () => {
    const bench = CoreBench.connected();
    const call = bench.core.submit(writeOf(), NEVER, undefined);
    bench.replyToAll({ err: ErrorCode.sessionMoved });
    expect(await fateOf(call)).toMatchObject({
      error: { code: 'CONNECTION_LOSS', kind: 'recoverable', outcome: 'not-applied' },
    });
    expect(bench.core.state).toBe('suspended');
  });
});
