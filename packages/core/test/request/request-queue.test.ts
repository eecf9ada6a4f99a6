import { CreateMode, ErrorCode, OpCode } from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import type { RequestThrottleOptions } from '../../src/throttle/request-throttle.ts';
import {
  closeRequest,
  createRequest,
  existsRequest,
  Harness,
  pingRequest,
  SESSION_MS,
} from '../harness.ts';

function throttled(options: Partial<RequestThrottleOptions>): Harness {
  return new Harness({
    core: {
      requestThrottle: {
        requestCountMax: 0,
        stallTimeMs: 100,
        isStaleDropped: true,
        isLatencyChecked: false,
        isConnectionChecked: true,
        throttledOpWaitMs: 0,
        ...options,
      },
    },
  });
}

describe('with request_throttle_max_requests', () => {
  it('requests wait for their turn in the order they came, whoever sent them', () => {
    const h = throttled({ requestCountMax: 1 });
    const [anna, bob] = [h.connect(), h.connect()];
    anna.take();
    bob.take();
    anna.send(createRequest('/1'));
    bob.send(createRequest('/2'), existsRequest('/2'));
    anna.send(createRequest('/3'));
    expect(h.log.txns.length).toBe(3);
    expect(h.core.outstandingCount).toBe(4);
    expect(bob.outstanding).toBe(2);
    h.syncOnce();
    expect(anna.take()).toMatchObject([{ op: OpCode.create, err: 0 }]);
    expect(bob.take()).toEqual([]);
    h.sync();
    expect(bob.take()).toMatchObject([
      { op: OpCode.create, err: 0 },
      { op: OpCode.exists, err: 0 },
    ]);
    expect(h.core.outstandingCount).toBe(0);
    expect(['/1', '/2', '/3'].map((path) => h.tree.czxid(h.tree.findPath(path)))).toEqual([
      3, 4, 5,
    ]);
  });

  it('nothing waits while there is room', () => {
    const h = throttled({ requestCountMax: 2 });
    const client = h.connect();
    client.take();
    client.send(existsRequest('/'), pingRequest, existsRequest('/'));
    expect(client.take().length).toBe(3);
  });

  it('authentication does not wait', () => {
    const h = throttled({ requestCountMax: 1 });
    const client = h.connect();
    client.take();
    client.send(createRequest('/a'), createRequest('/b'));
    client.send({ op: OpCode.auth, type: 0, scheme: 'digest', auth: Uint8Array.of(0x61, 0x3a) });
    expect(client.take()).toMatchObject([{ op: OpCode.auth, err: 0 }]);
  });

  it('waiting requests of a connection that was lost are dropped', () => {
    const h = throttled({ requestCountMax: 1 });
    const [anna, bob] = [h.connect(), h.connect()];
    anna.send(createRequest('/1'));
    bob.send(createRequest('/2'), existsRequest('/'));
    bob.close();
    h.sync();
    expect(h.tree.findPath('/2')).toBe(-1);
    expect(h.core.outstandingCount).toBe(0);
  });

  it('they are done if stale ones are not dropped, and nobody is answered', () => {
    const h = throttled({ requestCountMax: 1, isStaleDropped: false });
    const [anna, bob] = [h.connect(), h.connect()];
    anna.send(createRequest('/1'));
    bob.take();
    bob.send(existsRequest('/'), createRequest('/2'), closeRequest);
    bob.close();
    h.sync();
    expect(h.tree.findPath('/2')).toBeGreaterThan(0);
    expect(h.core.sessions.size).toBe(1);
    expect(bob.take()).toEqual([]);
  });

  it('a connection whose request waited longer than its session may is closed, with all that came behind', () => {
    const h = throttled({ requestCountMax: 1, isLatencyChecked: true });
    const [anna, bob] = [h.connect({ timeoutMs: 40_000 }), h.connect()];
    bob.take();
    anna.send(createRequest('/1'));
    bob.send(createRequest('/2'), createRequest('/3'));
    h.nowMs += SESSION_MS + 1;
    h.tick();
    expect(bob.isHungUp).toBe(true);
    h.sync();
    expect([h.tree.findPath('/2'), h.tree.findPath('/3')]).toEqual([-1, -1]);
    expect(h.factsOf('client-closed')).toMatchObject([{ client: bob, reason: 'stale-request' }]);
  });

  it('the order of one connection holds', () => {
    const h = throttled({ requestCountMax: 3 });
    const client = h.connect();
    client.take();
    const flags = CreateMode.persistentSequential;
    for (let i = 0; i < 10; i++) client.send(createRequest('/s', { flags }), existsRequest('/'));
    h.sync();
    const xids = client.take().map((one) => (one.kind === 'reply' ? one.xid : 0));
    expect(xids).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });
});

describe('with throttled_op_wait_time', () => {
  it('what waited longer is answered with ThrottledOp in its place, and does nothing', () => {
    const h = throttled({ requestCountMax: 2, throttledOpWaitMs: 50 });
    const client = h.connect();
    client.take();
    client.send(createRequest('/1'), createRequest('/2'));
    client.send(createRequest('/3'), existsRequest('/'), pingRequest, closeRequest);
    h.nowMs += 51;
    h.sync();
    const zxid = h.core.lastAppliedZxid;
    expect(client.take()).toMatchObject([
      { op: OpCode.create, err: 0 },
      { op: OpCode.create, err: 0 },
      { op: OpCode.create, err: ErrorCode.throttledOp },
      { op: OpCode.exists, err: ErrorCode.throttledOp },
      { op: OpCode.ping, err: 0 },
      { op: OpCode.closeSession, err: 0, zxid },
    ]);
    expect(h.tree.findPath('/3')).toBe(-1);
  });

  it('alone it throttles nothing that did not wait', () => {
    const h = throttled({ throttledOpWaitMs: 1 });
    const client = h.connect();
    client.take();
    client.send(createRequest('/1'), existsRequest('/1'));
    h.nowMs += 1000;
    h.sync();
    expect(client.take()).toMatchObject([{ err: 0 }, { err: 0 }]);
  });

  it('answers behind a write that is still on its way', () => {
    const h = throttled({ requestCountMax: 2, throttledOpWaitMs: 50 });
    const [anna, bob] = [h.connect(), h.connect()];
    anna.take();
    bob.send(createRequest('/b'));
    anna.send(createRequest('/1'));
    anna.send(existsRequest('/'));
    h.nowMs += 51;
    h.syncOnce();
    // Bob's write made room; Anna's own is not done.
    expect(anna.take()).toEqual([]);
    h.sync();
    expect(anna.take()).toMatchObject([
      { op: OpCode.create, err: 0 },
      { op: OpCode.exists, err: ErrorCode.throttledOp },
    ]);
  });
});
