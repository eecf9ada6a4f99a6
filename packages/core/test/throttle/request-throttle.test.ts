import { OpCode } from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import { mustPauseReading } from '../../src/throttle/outstanding-limit.ts';
import {
  RequestThrottle,
  type RequestThrottleOptions,
  type ThrottledRequest,
} from '../../src/throttle/request-throttle.ts';

interface TestClient {
  isClosed: boolean;
  isInvalid: boolean;
  sessionTimeoutMs: number;
}

interface TestRequest extends ThrottledRequest {
  readonly name: string;
}

const defaults: RequestThrottleOptions = {
  requestCountMax: 0,
  stallTimeMs: 100,
  isStaleDropped: true,
  isLatencyChecked: false,
  isConnectionChecked: true,
  throttledOpWaitMs: 0,
};

const newClient = (): TestClient => ({ isClosed: false, isInvalid: false, sessionTimeoutMs: 4000 });

/** A throttle that writes down what became of each request; those let go count as in work. */
function newThrottle(options: Partial<RequestThrottleOptions>) {
  const happened: string[] = [];
  let inWork = 0;
  const throttle = new RequestThrottle<TestRequest>(
    { ...defaults, ...options },
    {
      onReady: (request, isThrottled) => {
        happened.push(isThrottled ? `${request.name} throttled` : request.name);
        inWork++;
      },
      onDropped: (request) => {
        happened.push(`${request.name} dropped`);
        if (request.client !== undefined) (request.client as TestClient).isInvalid = true;
      },
    },
  );
  return {
    throttle,
    happened,
    submit: (name: string, client: TestClient | undefined, op: number = OpCode.getData, at = 0) =>
      throttle.submit({ name, client, op, receivedAtMs: at }),
    run: (nowMs = 0) => throttle.run(() => inWork, nowMs),
    done: (count = 1) => {
      inWork -= count;
    },
  };
}

describe('the request throttle', () => {
  it('is off by default and lets everything pass', () => {
    const t = newThrottle({});
    expect(t.throttle.isOn).toBe(false);
    for (let i = 0; i < 5; i++) t.submit(String(i), newClient());
    t.run();
    expect(t.happened).toEqual(['0', '1', '2', '3', '4']);
  });

  it('holds requests back while as many as allowed are in work, and keeps their order', () => {
    const t = newThrottle({ requestCountMax: 2 });
    for (const name of ['a', 'b', 'c', 'd']) t.submit(name, newClient());
    t.run();
    expect(t.happened).toEqual(['a', 'b']);
    expect([t.throttle.size, t.throttle.nextRunMs(50)]).toEqual([2, 150]);
    t.done();
    t.run();
    expect(t.happened).toEqual(['a', 'b', 'c']);
    t.done(3);
    t.run();
    expect(t.happened).toEqual(['a', 'b', 'c', 'd']);
    expect(t.throttle.nextRunMs(50)).toBeUndefined();
  });

  it('drops requests of a closed connection, and everything that follows on it', () => {
    const t = newThrottle({ requestCountMax: 10 });
    const gone = newClient();
    const here = newClient();
    t.submit('a', gone);
    t.submit('b', here);
    t.submit('c', gone, OpCode.closeSession);
    gone.isClosed = true;
    t.run();
    expect(t.happened).toEqual(['a dropped', 'b', 'c dropped']);
  });

  it('lets a closeSession outlive its connection', () => {
    const t = newThrottle({ requestCountMax: 10, isLatencyChecked: true });
    const gone = newClient();
    gone.isClosed = true;
    t.submit('close', gone, OpCode.closeSession);
    t.run(1_000_000);
    expect(t.happened).toEqual(['close']);
  });

  it('drops stale requests also while no place is free', () => {
    const t = newThrottle({ requestCountMax: 1 });
    const gone = newClient();
    t.submit('a', newClient());
    t.submit('b', gone);
    t.submit('c', newClient());
    t.run();
    gone.isClosed = true;
    t.run();
    expect(t.happened).toEqual(['a', 'b dropped']);
  });

  it('keeps requests of a closed connection when told to', () => {
    for (const options of [{ isStaleDropped: false }, { isConnectionChecked: false }]) {
      const t = newThrottle({ requestCountMax: 10, ...options });
      const gone = newClient();
      gone.isClosed = true;
      t.submit('a', gone);
      t.run();
      expect(t.happened).toEqual(['a']);
    }
  });

  it('drops requests older than the session timeout when told to', () => {
    const t = newThrottle({ requestCountMax: 10, isLatencyChecked: true });
    t.submit('old', newClient(), OpCode.getData, 0);
    t.submit('young', newClient(), OpCode.getData, 1);
    t.run(4001);
    expect(t.happened).toEqual(['old dropped', 'young']);
  });

  it("never drops the server's own requests", () => {
    const t = newThrottle({ requestCountMax: 10, isLatencyChecked: true });
    t.submit('own', undefined);
    t.run(1_000_000);
    expect(t.happened).toEqual(['own']);
  });
});

describe('a request that waited longer than throttled_op_wait_time', () => {
  it('is marked, and one that waited just as long is not', () => {
    const t = newThrottle({ throttledOpWaitMs: 50 });
    expect(t.throttle.isOn).toBe(true);
    t.submit('long', newClient(), OpCode.setData, 0);
    t.submit('just', newClient(), OpCode.setData, 1);
    t.run(51);
    expect(t.happened).toEqual(['long throttled', 'just']);
  });

  it.each([
    ['ping', OpCode.ping],
    ['closeSession', OpCode.closeSession],
    ['createSession', OpCode.createSession],
  ])('is never a %s', (name, op) => {
    const t = newThrottle({ throttledOpWaitMs: 50 });
    t.submit(name, newClient(), op);
    t.run(1000);
    expect(t.happened).toEqual([name]);
  });
});

describe('globalOutstandingLimit', () => {
  it('stops reading from connections with requests in work once it is exceeded', () => {
    expect(mustPauseReading(1, 1001, 1000)).toBe(true);
    expect(mustPauseReading(1, 1000, 1000)).toBe(false);
    expect(mustPauseReading(0, 5000, 1000)).toBe(false);
  });
});
