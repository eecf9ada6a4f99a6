import { OpCode, ReservedXid } from '@zooid/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CoreBench, readOf, TIMEOUT_MS } from './core-bench.ts';

const NEVER = Number.POSITIVE_INFINITY;

describe('pings', () => {
  test('are sent after a third of the timeout without anything sent', () => {
    const bench = CoreBench.connected();
    bench.advance(TIMEOUT_MS / 3 - 1);
    expect(bench.take()).toEqual([]);
    bench.advance(1);
    expect(bench.take()).toEqual([{ xid: ReservedXid.ping, request: { op: OpCode.ping } }]);
  });

  test('are not sent while there is something else to say', () => {
    const bench = CoreBench.connected();
    for (let i = 0; i < 20; i++) {
      bench.advance(TIMEOUT_MS / 4);
      void bench.core.submit(readOf(), NEVER, undefined);
      const sent = bench.take();
      expect(sent.map(({ request }) => request.op)).toEqual([OpCode.exists]);
      bench.reply(sent[0]!.xid);
    }
  });

  test('come at least every ten seconds, however long the timeout', () => {
    const bench = CoreBench.connected({}, { timeoutMs: 600_000 });
    for (let i = 0; i < 5; i++) {
      bench.advance(10_000);
      expect(bench.takeOps()).toEqual([OpCode.ping]);
      bench.reply(ReservedXid.ping);
    }
  });

  test('keep a session for ever while they are answered', () => {
    const bench = CoreBench.connected();
    for (let i = 0; i < 200; i++) {
      bench.advance(TIMEOUT_MS / 3);
      bench.replyToAll();
    }
    expect(bench.stateNames).toEqual(['connected']);
  });

  test('tell how far the server is', () => {
    const bench = CoreBench.connected();
    bench.advance(TIMEOUT_MS / 3);
    bench.replyToAll({ zxid: 17 });
    expect(bench.core.lastZxid).toBe(17);
  });
});

describe('silence', () => {
  test('of the server for two thirds of the timeout loses the connection', () => {
    const bench = CoreBench.connected();
    bench.advance((TIMEOUT_MS * 2) / 3 - 1);
    expect(bench.core.state).toBe('connected');
    bench.advance(1);
    expect(bench.core.state).toBe('suspended');
    expect([bench.dropCount, bench.connectionCount]).toEqual([1, 2]);
    expect(bench.states.at(-1)?.cause?.message).toContain('silent');
  });

  test('is broken by anything at all, even by half a frame', () => {
    const bench = CoreBench.connected();
    bench.advance(TIMEOUT_MS / 2);
    bench.receive(Uint8Array.of(0));
    bench.advance((TIMEOUT_MS * 2) / 3 - TIMEOUT_MS / 2 + 1);
    expect(bench.core.state).toBe('connected');
  });

  test('leaves a third of the timeout to come back in', () => {
    const bench = CoreBench.connected();
    bench.advance(TIMEOUT_MS - 1);
    expect(bench.core.state).toBe('suspended');
    bench.connect();
    expect(bench.core.state).toBe('connected');
  });
});

describe('the local end of a session', () => {
  test('comes one timeout after what the server has last acknowledged was sent', () => {
    const bench = CoreBench.connected();
    bench.advance(1_000);
    void bench.core.submit(readOf(), NEVER, undefined);
    const sent = bench.take();
    bench.advance(1_500);
    bench.reply(sent[0]!.xid);
    bench.breakOff();
    bench.advance(TIMEOUT_MS - 1_500 - 1);
    expect(bench.core.state).toBe('suspended');
    bench.advance(1);
    expect(bench.core.state).toBe('expired');
  });

  test('comes without a server that could tell of it, and stops all attempts', () => {
    const bench = CoreBench.connected();
    bench.breakOff();
    for (let i = 0; i < 8; i++) {
      bench.advance(1_000);
      bench.breakOff(new Error('refused'));
    }
    expect(bench.core.state).toBe('suspended');
    bench.advance(1_000);
    expect(bench.core.state).toBe('expired');
    const { connectionCount } = bench;
    bench.advance(60_000);
    expect(bench.connectionCount).toBe(connectionCount);
  });

  test('is not put off by notifications: they prove nothing about us', () => {
    const bench = CoreBench.connected();
    for (let i = 0; i < 8; i++) {
      bench.advance(TIMEOUT_MS / 8);
      bench.event(1, '/x', i);
    }
    expect(bench.core.state).toBe('expired');
  });

  test('is not put off by the answer to an older ping than the newest', () => {
    const bench = CoreBench.connected({}, { timeoutMs: 9_000 });
    bench.advance(3_000);
    bench.advance(2_999);
    bench.event(1, '/alive', 1);
    bench.advance(1);
    expect(bench.takeOps()).toEqual([OpCode.ping, OpCode.ping]);
    // The first answer is to the ping of 3 s, the second to that of 6 s.
    bench.reply(ReservedXid.ping);
    bench.advance(3_000);
    expect(bench.takeOps()).toEqual([OpCode.ping]);
    bench.reply(ReservedXid.ping);
    bench.breakOff();
    bench.advance(5_999);
    expect(bench.core.state).toBe('suspended');
    bench.advance(1);
    expect(bench.core.state).toBe('expired');
  });

  // The server: it hears every message some time after it was sent, in order, unless the connection is lost meanwhile, and expires
  // the session one timeout after the last one it heard, never earlier. Its answers take their time, too.
  test('is never later than the server’s own, whatever is delayed or lost', () => {
    const step = fc.record({
      passMs: fc.integer({ min: 1, max: 2_500 }),
      toServerMs: fc.integer({ min: 0, max: 3_000 }),
      toClientMs: fc.integer({ min: 0, max: 3_000 }),
      act: fc.constantFrom('call', 'quiet', 'notify', 'notify', 'notify', 'break', 'return'),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const bench = CoreBench.connected({}, { timeoutMs: TIMEOUT_MS });
        const server = new ModelServer(bench);
        for (const { passMs, toServerMs, toClientMs, act } of steps) {
          if (bench.core.state === 'expired') break;
          if (act === 'call') void bench.core.submit(readOf(), NEVER, undefined).catch(() => {});
          if (act === 'notify') server.notify(toClientMs);
          if (act === 'break') server.breakOff();
          if (act === 'return') server.letReturn();
          server.pass(passMs, toServerMs, toClientMs);
        }
        server.breakOff();
        server.pass(3 * TIMEOUT_MS, 0, 0);
        // Whoever looks at the client's state at any moment before sees the truth: it was checked at every step.
        expect(bench.core.state).toBe('expired');
      }),
      { numRuns: 500 },
    );
  });
});

/** Messages under way, in order. */
interface Message {
  readonly atMs: number;
  readonly deliver: () => void;
}

class ModelServer {
  readonly #bench: CoreBench;
  #touchedMs: number;
  #toServer: Message[] = [];
  #toClient: Message[] = [];
  #isConnected = true;

  constructor(bench: CoreBench) {
    this.#bench = bench;
    this.#touchedMs = bench.nowMs;
  }

  breakOff(): void {
    this.#toServer = [];
    this.#toClient = [];
    if (this.#isConnected) this.#bench.breakOff();
    this.#isConnected = false;
  }

  /** A new connection, of which the handshake takes no time. */
  letReturn(): void {
    if (this.#isConnected || this.#isExpired()) return;
    this.#bench.connect({ timeoutMs: TIMEOUT_MS });
    this.#isConnected = true;
    this.#touchedMs = this.#bench.nowMs;
  }

  notify(toClientMs: number): void {
    if (this.#isConnected) this.#answer(toClientMs, () => this.#bench.event(1, '/n', 1));
  }

  /** One ms after the other. */
  pass(ms: number, toServerMs: number, toClientMs: number): void {
    const bench = this.#bench;
    for (let i = 0; i < ms; i++) {
      if (bench.core.state === 'expired') return;
      if (this.#isConnected) this.#collect(toServerMs, toClientMs);
      bench.advance(1);
      // The client may have taken silence for the end of the connection.
      if (bench.core.state === 'suspended' && this.#isConnected) this.breakOff();
      deliverDue(this.#toServer, bench.nowMs);
      deliverDue(this.#toClient, bench.nowMs);
      if (this.#isExpired()) expect(bench.core.state).toBe('expired');
    }
  }

  #collect(toServerMs: number, toClientMs: number): void {
    for (const { xid } of this.#bench.take()) {
      enqueue(this.#toServer, this.#bench.nowMs + toServerMs, () => {
        if (this.#isExpired()) return;
        this.#touchedMs = this.#bench.nowMs;
        this.#answer(toClientMs, () => this.#bench.reply(xid));
      });
    }
  }

  #answer(toClientMs: number, deliver: () => void): void {
    enqueue(this.#toClient, this.#bench.nowMs + toClientMs, deliver);
  }

  #isExpired(): boolean {
    return this.#bench.nowMs >= this.#touchedMs + TIMEOUT_MS;
  }
}

function enqueue(queue: Message[], atMs: number, deliver: () => void): void {
  queue.push({ atMs: Math.max(atMs, queue.at(-1)?.atMs ?? 0), deliver });
}

function deliverDue(queue: Message[], nowMs: number): void {
  while (queue[0] !== undefined && queue[0].atMs <= nowMs) queue.shift()!.deliver();
}
