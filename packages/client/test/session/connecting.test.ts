import { EventType, OpCode, ReservedXid } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { AuthFailedError, ClosedError, SessionExpiredError } from '../../src/errors.ts';
import {
  CoreBench,
  fateOf,
  NotedLastingWatch,
  NotedWatch,
  PASSWORD,
  readOf,
  replyBytes,
  SESSION_ID,
  TIMEOUT_MS,
  writeOf,
} from './core-bench.ts';

const NOBODY = new Uint8Array(16);

describe('the first connection', () => {
  test('asks for a new session, with the timeout that is wanted', () => {
    const bench = new CoreBench({ sessionTimeoutMs: 7_000, allowsReadOnly: true });
    bench.core.open();
    expect(bench.connectionCount).toBe(1);
    expect(bench.openConnection()).toEqual({
      protocolVersion: 0,
      lastZxidSeen: 0,
      timeoutMs: 7_000,
      sessionId: 0n,
      password: NOBODY,
      readOnly: true,
    });
  });

  test('keeps the session, the password and the timeout that the server grants', () => {
    const bench = CoreBench.connected({}, { timeoutMs: 4_000 });
    expect(bench.core.state).toBe('connected');
    expect(bench.core.ticket).toEqual({ id: SESSION_ID, password: PASSWORD });
    expect(bench.core.timeoutMs).toBe(4_000);
  });

  test('sends nothing before the session is there', () => {
    const bench = new CoreBench();
    bench.core.open();
    void bench.core.addAuth('digest', new Uint8Array(1));
    void bench.core.submit(readOf(), Number.POSITIVE_INFINITY, undefined);
    bench.openConnection();
    bench.advance(100);
    expect(bench.take()).toEqual([]);
    expect(bench.core.pendingCount).toBe(1);
  });

  test('is given up after its time, and another is asked for', () => {
    const bench = new CoreBench({ handshakeTimeoutMs: 3_000 });
    bench.core.open();
    bench.openConnection();
    bench.advance(2_999);
    expect(bench.connectionCount).toBe(1);
    bench.advance(1);
    expect([bench.connectionCount, bench.dropCount]).toEqual([2, 1]);
    expect(bench.core.state).toBe('connecting');
  });

  test('has all its time from when it begins, whatever the pause before was', () => {
    const bench = new CoreBench({ handshakeTimeoutMs: 3_000 });
    bench.core.open();
    bench.advance(60_000);
    expect(bench.connectionCount).toBe(1);
    bench.openConnection();
    bench.advance(2_999);
    expect(bench.connectionCount).toBe(1);
  });
});

describe('a new connection', () => {
  test('is told who we are, then which watches we have, then what we want', async () => {
    const bench = CoreBench.connected();
    void bench.core.addAuth('digest', Uint8Array.of(1));
    void bench.core.addAuth('ip', Uint8Array.of(2));
    bench.core.watches.addOneShot(new NotedWatch('data', '/data'));
    bench.core.watches.addLasting(new NotedLastingWatch('recursive', '/below'));
    bench.breakOff();
    void bench.core.submit(writeOf(), Number.POSITIVE_INFINITY, undefined);
    void bench.core.submit(readOf(), Number.POSITIVE_INFINITY, undefined);
    bench.connect();
    const sent = bench.take();
    expect(sent.map(({ xid, request }) => [xid > 0 ? 'call' : xid, request.op])).toEqual([
      [ReservedXid.auth, OpCode.auth],
      [ReservedXid.auth, OpCode.auth],
      [ReservedXid.setWatches, OpCode.setWatches2],
      ['call', OpCode.delete],
      ['call', OpCode.exists],
    ]);
    expect(sent[0]?.request).toMatchObject({ scheme: 'digest', auth: Uint8Array.of(1) });
    expect(sent[1]?.request).toMatchObject({ scheme: 'ip', auth: Uint8Array.of(2) });
  });

  test('shows the session, its password and the newest zxid, of replies or of events', () => {
    const bench = CoreBench.connected();
    void bench.core.submit(readOf(), Number.POSITIVE_INFINITY, undefined);
    bench.replyToAll({ zxid: 40 });
    bench.event(EventType.nodeCreated, '/x', 41);
    bench.event(EventType.nodeCreated, '/y', -1);
    bench.breakOff();
    expect(bench.openConnection()).toMatchObject({
      sessionId: SESSION_ID,
      password: PASSWORD,
      lastZxidSeen: 41,
    });
  });

  test('knows nothing of half a frame that the one before left', async () => {
    const bench = CoreBench.connected();
    const call = bench.core.submit(readOf(), Number.POSITIVE_INFINITY, undefined);
    const [sent] = bench.take();
    bench.receive(replyBytes(sent!.xid).subarray(0, 11));
    bench.breakOff();
    bench.connect();
    bench.replyToAll();
    expect(await fateOf(call)).toEqual({ value: 'there is /read' });
  });

  test('replays watches in chunks of 128 KB, the plain ones by the request that old servers know', () => {
    const bench = CoreBench.connected();
    for (let i = 0; i < 1_000; i++) {
      bench.core.watches.addOneShot(new NotedWatch('data', `/${'x'.repeat(500)}${i}`));
    }
    const lasting = new NotedLastingWatch('persistent', '/p');
    bench.core.watches.addLasting(lasting);
    bench.breakOff();
    bench.connect();
    const requests = bench.take().map(({ request }) => request);
    expect(requests.length).toBeGreaterThan(4);
    let replayed = 0;
    for (const request of requests) {
      if (request.op !== OpCode.setWatches && request.op !== OpCode.setWatches2) {
        throw new Error(`opcode ${request.op}`);
      }
      const bytes = request.dataWatches.reduce((sum, path) => sum + path.length + 4, 0);
      expect(bytes).toBeLessThanOrEqual(128 * 1024 + 510);
      replayed += request.dataWatches.length;
    }
    expect(replayed).toBe(1_000);
    const last = requests.at(-1);
    expect(requests.slice(0, -1).every(({ op }) => op === OpCode.setWatches)).toBe(true);
    expect(last).toMatchObject({ op: OpCode.setWatches2, persistentWatches: ['/p'] });
  });
});

describe('a server', () => {
  test('immunity: CH #116690 that gives no session, or another one, in place of ours ends it', async () => {
    for (const grant of [{ sessionId: 0n, timeoutMs: 0 }, { timeoutMs: 0 }, { sessionId: 99n }]) {
      const bench = CoreBench.connected();
      const waiting = bench.core.submit(readOf(), Number.POSITIVE_INFINITY, undefined);
      bench.breakOff();
      bench.connect(grant);
      expect(bench.stateNames).toEqual(['connected', 'suspended', 'expired']);
      expect(await fateOf(waiting)).toMatchObject({ error: { code: 'SESSION_EXPIRED' } });
      expect(bench.core.endError).toBeInstanceOf(SessionExpiredError);
      bench.advance(60_000);
      expect(bench.connectionCount).toBe(2);
    }
  });

  test('that refuses a new session is left for another one', () => {
    const bench = new CoreBench();
    bench.core.open();
    bench.connect({ sessionId: 0n, timeoutMs: 0 });
    expect([bench.core.state, bench.connectionCount]).toEqual(['connecting', 2]);
    bench.connect();
    expect(bench.core.state).toBe('connected');
  });

  test('that answers with another protocol version serves nobody: the session is asked for elsewhere', () => {
    const bench = CoreBench.connected();
    bench.breakOff();
    bench.connect({ protocolVersion: 42, sessionId: 0n, timeoutMs: 0 });
    expect([bench.core.state, bench.connectionCount]).toEqual(['suspended', 3]);
    bench.connect();
    expect(bench.core.state).toBe('connected');
  });

  test('that is older than the read-only flag, and sends none, is one that writes', () => {
    const bench = new CoreBench();
    bench.core.open();
    bench.openConnection();
    const grant = bench.grantBytes();
    const short = grant.slice(0, -1);
    short[3]!--;
    bench.receive(short);
    expect(bench.core.state).toBe('connected');
  });
});

describe('a session taken up from another client', () => {
  const ticket = { id: 77n, password: Uint8Array.from({ length: 16 }, () => 9) };

  test('is asked for by its id and password', () => {
    const bench = new CoreBench({ resume: ticket });
    bench.core.open();
    expect(bench.connect({ sessionId: 77n })).toMatchObject({
      sessionId: 77n,
      password: ticket.password,
    });
    expect(bench.core.state).toBe('connected');
  });

  test('has expired when the server does not know it', () => {
    const bench = new CoreBench({ resume: ticket });
    bench.core.open();
    bench.connect({ sessionId: 0n, timeoutMs: 0 });
    expect(bench.stateNames).toEqual(['expired']);
  });

  test('is given up when no server can be reached for as long as it may live', () => {
    const bench = new CoreBench({ resume: ticket, sessionTimeoutMs: 5_000 });
    bench.core.open();
    bench.advance(4_999);
    expect(bench.core.state).toBe('connecting');
    bench.advance(1);
    expect(bench.core.state).toBe('expired');
  });
});

describe('a read-only server', () => {
  test('gives a session that no other server knows: elsewhere a new one is asked for', async () => {
    const bench = new CoreBench({ allowsReadOnly: true });
    bench.core.open();
    bench.connect({ sessionId: 5n, readOnly: true });
    expect(bench.core.state).toBe('read-only');
    const lasting = new NotedLastingWatch('persistent', '/p');
    bench.core.watches.addLasting(lasting);
    bench.breakOff();
    expect(bench.connect({ sessionId: 6n })).toMatchObject({ sessionId: 0n, password: NOBODY });
    expect(bench.core.ticket?.id).toBe(6n);
    expect(bench.stateNames).toEqual(['read-only', 'suspended', 'connected']);
    expect(bench.takeOps()).toEqual([OpCode.setWatches2]);
  });

  test('does not make its session expire: nobody else has it', () => {
    const bench = new CoreBench({ allowsReadOnly: true });
    bench.core.open();
    bench.connect({ sessionId: 5n, readOnly: true });
    bench.breakOff();
    bench.advance(10 * TIMEOUT_MS);
    expect(bench.core.state).toBe('suspended');
  });

  test('takes a session that servers know on, by its id', () => {
    const bench = CoreBench.connected({ allowsReadOnly: true });
    bench.breakOff();
    expect(bench.connect({ readOnly: true })).toMatchObject({ sessionId: SESSION_ID });
    expect(bench.core.state).toBe('read-only');
    bench.breakOff();
    expect(bench.connect()).toMatchObject({ sessionId: SESSION_ID });
  });

  test('does not renew a session that servers know: they may have expired it meanwhile', () => {
    const bench = CoreBench.connected({ allowsReadOnly: true });
    bench.breakOff();
    bench.connect({ readOnly: true });
    for (let pings = 0; pings < 2; pings++) {
      bench.advance(TIMEOUT_MS / 3);
      bench.replyToAll();
    }
    expect(bench.core.state).toBe('read-only');
    bench.advance(TIMEOUT_MS / 3);
    expect(bench.core.state).toBe('expired');
  });
});

describe('credentials', () => {
  test('are answered in the order in which they were shown', async () => {
    const bench = CoreBench.connected();
    const first = bench.core.addAuth('digest', Uint8Array.of(1));
    const second = bench.core.addAuth('digest', Uint8Array.of(2));
    bench.turn();
    bench.reply(ReservedXid.auth);
    expect(await fateOf(first)).toEqual({ value: undefined });
    expect(await fateOf(second)).toBe('pending');
    bench.reply(ReservedXid.auth);
    expect(await fateOf(second)).toEqual({ value: undefined });
  });

  test('whose answer was lost are shown again, and answered then', async () => {
    const bench = CoreBench.connected();
    const call = bench.core.addAuth('digest', Uint8Array.of(1));
    bench.take();
    bench.breakOff();
    bench.connect();
    expect(bench.takeOps()).toEqual([OpCode.auth]);
    bench.reply(ReservedXid.auth);
    expect(await fateOf(call)).toEqual({ value: undefined });
  });

  test('that are the same again are shown once to the next connection', () => {
    const bench = CoreBench.connected();
    for (let i = 0; i < 3; i++) {
      void bench.core.addAuth('digest', Uint8Array.of(1, 2));
      bench.replyToAll();
    }
    void bench.core.addAuth('digest', Uint8Array.of(1, 3));
    bench.replyToAll();
    bench.breakOff();
    bench.connect();
    expect(bench.takeOps()).toEqual([OpCode.auth, OpCode.auth]);
  });

  test('that are refused end the session, and every call with it', async () => {
    const bench = CoreBench.connected();
    const auth = bench.core.addAuth('nonsense', Uint8Array.of(1));
    const call = bench.core.submit(writeOf(), Number.POSITIVE_INFINITY, undefined);
    bench.turn();
    bench.reply(ReservedXid.auth, { err: -115 });
    expect(bench.core.state).toBe('auth-failed');
    expect(bench.core.endError).toBeInstanceOf(AuthFailedError);
    expect(bench.core.endError?.message).toContain('nonsense');
    expect(await fateOf(auth)).toMatchObject({ error: { code: 'AUTH_FAILED' } });
    expect(await fateOf(call)).toMatchObject({
      error: { code: 'AUTH_FAILED', outcome: 'unknown' },
    });
  });
});

describe('SASL', () => {
  test('comes before everything else, token by token', async () => {
    const bench = new CoreBench({ usesSasl: true });
    bench.core.open();
    void bench.core.addAuth('digest', Uint8Array.of(1));
    void bench.core.submit(readOf(), Number.POSITIVE_INFINITY, undefined);
    bench.connect();
    expect([bench.saslStartCount, bench.core.state]).toEqual([1, 'connecting']);
    const answered = bench.core.exchangeSasl(Uint8Array.of(7));
    const [token, ...more] = bench.take();
    expect(token?.request).toEqual({ op: OpCode.sasl, token: Uint8Array.of(7) });
    expect(more).toEqual([]);
    bench.reply(token!.xid, { body: { op: OpCode.sasl, token: Uint8Array.of(8) } });
    expect(await answered).toEqual(Uint8Array.of(8));
    bench.core.endSasl(undefined);
    expect(bench.core.state).toBe('connected');
    expect(bench.takeOps()).toEqual([OpCode.auth, OpCode.exists]);
  });

  test('that the client does not believe ends the session', async () => {
    const bench = new CoreBench({ usesSasl: true });
    bench.core.open();
    bench.connect();
    const call = bench.core.submit(readOf(), Number.POSITIVE_INFINITY, undefined);
    const cause = new Error('not the server it should be');
    bench.core.endSasl(cause);
    expect(bench.stateNames).toEqual(['auth-failed']);
    expect(bench.core.endError?.cause).toBe(cause);
    expect(await fateOf(call)).toMatchObject({ error: { code: 'AUTH_FAILED' } });
  });

  test('that the server refuses ends the session', async () => {
    const bench = new CoreBench({ usesSasl: true });
    bench.core.open();
    bench.connect();
    const answered = bench.core.exchangeSasl(Uint8Array.of(7));
    const [token] = bench.take();
    bench.reply(token!.xid, { err: -115 });
    expect(await fateOf(answered)).toMatchObject({ error: { code: 'AUTH_FAILED' } });
    expect(bench.core.state).toBe('auth-failed');
  });

  test('begins anew on every connection; a token of the old one goes nowhere', async () => {
    const bench = new CoreBench({ usesSasl: true });
    bench.core.open();
    bench.connect();
    const lost = bench.core.exchangeSasl(Uint8Array.of(7));
    bench.take();
    bench.breakOff();
    expect(await fateOf(lost)).toMatchObject({ error: { code: 'CONNECTION_LOSS' } });
    bench.openConnection();
    expect(await fateOf(bench.core.exchangeSasl(Uint8Array.of(8)))).toMatchObject({
      error: { code: 'CONNECTION_LOSS' },
    });
    bench.receive(bench.grantBytes());
    expect([bench.saslStartCount, bench.take()]).toEqual([2, []]);
  });

  test('that takes too long loses the connection', () => {
    const bench = new CoreBench({ usesSasl: true, handshakeTimeoutMs: 1_000 });
    bench.core.open();
    bench.connect();
    bench.advance(1_000);
    expect(bench.connectionCount).toBe(2);
  });
});

describe('closing', () => {
  test('before anything else, while connecting, during the handshake and during SASL is at once', async () => {
    const phases: readonly ((bench: CoreBench) => void)[] = [
      () => {},
      (bench) => bench.core.open(),
      (bench) => {
        bench.core.open();
        bench.core.onConnectionStarted(bench.nowMs);
      },
      (bench) => {
        bench.core.open();
        bench.openConnection();
      },
      (bench) => {
        bench.core.open();
        bench.connect();
      },
      (bench) => {
        bench.core.open();
        bench.breakOff(new Error('refused'));
      },
    ];
    for (const reach of phases) {
      const bench = new CoreBench({ usesSasl: true });
      reach(bench);
      const { connectionCount } = bench;
      const call = bench.core.submit(readOf(), Number.POSITIVE_INFINITY, undefined);
      const auth = bench.core.addAuth('digest', new Uint8Array(1));
      expect(await fateOf(bench.core.close(bench.nowMs))).toEqual({ value: undefined });
      expect(bench.stateNames).toEqual(['closed']);
      expect(await fateOf(call)).toMatchObject({
        error: { code: 'CLOSED', outcome: 'not-applied' },
      });
      expect(await fateOf(auth)).toMatchObject({ error: { code: 'CLOSED' } });
      bench.receive(bench.grantBytes());
      bench.breakOff();
      bench.advance(60_000);
      expect([bench.connectionCount, bench.take()]).toEqual([connectionCount, []]);
      expect(bench.dropCount).toBe(connectionCount === 0 ? 0 : connectionCount);
    }
  });

  test('lets the calls made before it be answered, and no later ones in', async () => {
    const bench = CoreBench.connected();
    const before = bench.core.submit(writeOf(), Number.POSITIVE_INFINITY, undefined);
    const closed = bench.core.close(bench.nowMs);
    const after = bench.core.submit(readOf(), Number.POSITIVE_INFINITY, undefined);
    expect(await fateOf(after)).toMatchObject({
      error: { code: 'CLOSED', outcome: 'not-applied' },
    });
    const [first, second] = bench.take();
    expect([first?.request.op, second?.request.op]).toEqual([OpCode.delete, OpCode.closeSession]);
    bench.reply(first!.xid);
    expect(await fateOf(before)).toEqual({ value: 'deleted /write' });
    expect(await fateOf(closed)).toBe('pending');
    bench.reply(second!.xid);
    expect(await fateOf(closed)).toEqual({ value: undefined });
    expect(bench.stateNames).toEqual(['connected', 'closed']);
    expect(bench.core.pendingCount).toBe(0);
  });

  test('does not wait longer than five seconds, or the session, for the answer', async () => {
    for (const [timeoutMs, waitMs] of [
      [60_000, 5_000],
      [2_000, 2_000],
    ] as const) {
      const bench = CoreBench.connected({}, { timeoutMs });
      const call = bench.core.submit(writeOf(), Number.POSITIVE_INFINITY, undefined);
      const closed = bench.core.close(bench.nowMs);
      bench.advance(waitMs - 1);
      // A silent server is found out earlier where the timeout is short, and that ends the wait too.
      if (timeoutMs === 60_000) expect(await fateOf(closed)).toBe('pending');
      bench.advance(1);
      expect(await fateOf(closed)).toEqual({ value: undefined });
      expect(await fateOf(call)).toMatchObject({ error: { outcome: 'unknown' } });
      expect(bench.core.pendingCount).toBe(0);
    }
  });

  test('is done when the connection breaks before the answer', async () => {
    const bench = CoreBench.connected();
    const closed = bench.core.close(bench.nowMs);
    bench.take();
    bench.breakOff();
    expect(await fateOf(closed)).toEqual({ value: undefined });
    expect([bench.core.state, bench.connectionCount]).toEqual(['closed', 1]);
  });

  test('is done whatever the server answers, once', async () => {
    const bench = CoreBench.connected();
    const closed = bench.core.close(bench.nowMs);
    bench.replyToAll({ err: -112 });
    expect(await fateOf(closed)).toEqual({ value: undefined });
    expect(bench.stateNames).toEqual(['connected', 'closed']);
  });

  test('again is harmless, also after the session has ended by itself', async () => {
    const bench = CoreBench.connected();
    const first = bench.core.close(bench.nowMs);
    const second = bench.core.close(bench.nowMs);
    bench.replyToAll();
    expect(await fateOf(Promise.all([first, second]))).toMatchObject({
      value: [undefined, undefined],
    });
    expect(await fateOf(bench.core.close(bench.nowMs))).toEqual({ value: undefined });

    const expired = CoreBench.connected();
    expired.breakOff();
    expired.advance(TIMEOUT_MS);
    expect(expired.core.state).toBe('expired');
    expect(await fateOf(expired.core.close(expired.nowMs))).toEqual({ value: undefined });
    expect(expired.core.state).toBe('expired');
  });

  test('by whoever hears of a state is whole, whatever the state', async () => {
    for (const state of ['connected', 'suspended'] as const) {
      const bench = new CoreBench();
      bench.core.open();
      const call = bench.core.submit(readOf(), Number.POSITIVE_INFINITY, undefined);
      bench.onState = (now) => {
        if (now === state) void bench.core.close(bench.nowMs);
      };
      bench.connect();
      bench.breakOff();
      expect(bench.core.endError).toBeInstanceOf(ClosedError);
      expect(await fateOf(call)).toMatchObject({ error: { code: 'CLOSED' } });
      const { connectionCount } = bench;
      bench.advance(60_000);
      expect(bench.connectionCount).toBe(connectionCount);
    }
  });
});
