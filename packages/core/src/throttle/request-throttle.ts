import { OpCode } from '@zooid/protocol';
import { Queue } from '../queue.ts';

/** `request_throttle_*`, `request_stale_*` and `throttled_op_wait_time`. */
export interface RequestThrottleOptions {
  /** Requests in work at which others begin to wait; 0: nobody waits. */
  readonly requestCountMax: number;
  /** How often those who wait are looked at although no request in work was done. */
  readonly stallTimeMs: number;
  /** Stale requests are dropped while there are requests that wait, and their connection closed. */
  readonly isStaleDropped: boolean;
  /** A request older than its session's timeout is stale. */
  readonly isLatencyChecked: boolean;
  /** A request of a closed connection is stale. */
  readonly isConnectionChecked: boolean;
  /** A request that waited longer is answered with ThrottledOp; 0: none is. */
  readonly throttledOpWaitMs: number;
}

/** What a throttle must know of a request. */
export interface ThrottledRequest {
  readonly op: number;
  /** Monotonic. */
  readonly receivedAtMs: number;
  /** The connection it came from; undefined for the server's own requests. */
  readonly client: ThrottledClient | undefined;
}

/** What a throttle must know of a connection. */
export interface ThrottledClient {
  readonly isClosed: boolean;
  /** An earlier request of it was dropped: those that follow must not run, for order's sake. */
  readonly isInvalid: boolean;
  readonly sessionTimeoutMs: number;
}

/** What becomes of a request that leaves the queue. */
export interface RequestThrottleEvents<R> {
  /** It may run now, unless `isThrottled`: then it is answered with ThrottledOp and does nothing. */
  readonly onReady: (request: R, isThrottled: boolean) => void;
  /** It is forgotten. The receiver makes its connection invalid and closes it. */
  readonly onDropped: (request: R) => void;
}

/**
 * The queue in front of request processing: holds requests back while too many are in work, drops the
 * stale ones among them and marks those that waited too long.
 *
 * The caller calls {@link run} whenever a request in work was done, and at {@link nextRunMs}.
 *
 * Source: RequestThrottler, Request.isStale, Request.isThrottlable.
 */
export class RequestThrottle<R extends ThrottledRequest> {
  readonly #options: RequestThrottleOptions;
  readonly #events: RequestThrottleEvents<R>;
  readonly #waiting = new Queue<R>();

  constructor(options: RequestThrottleOptions, events: RequestThrottleEvents<R>) {
    this.#options = options;
    this.#events = events;
  }

  /** Requests ever wait or are marked. If not, do not bother with the queue. */
  get isOn(): boolean {
    return this.#options.requestCountMax > 0 || this.#options.throttledOpWaitMs > 0;
  }

  /** Requests that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  submit(request: R): void {
    this.#waiting.push(request);
  }

  /**
   * Lets go of the oldest requests as long as fewer than the limit are in work.
   *
   * @param countInWork - asked again after each request let go, which normally adds one.
   */
  run(countInWork: () => number, nowMs: number): void {
    const { requestCountMax, isStaleDropped } = this.#options;
    for (;;) {
      const request = this.#waiting.peek();
      if (request === undefined) return;
      const isHeld = requestCountMax > 0;
      const isDropped =
        request.client?.isInvalid === true ||
        (isHeld && isStaleDropped && isStaleRequest(request, this.#options, nowMs));
      if (!isDropped && isHeld && countInWork() >= requestCountMax) return;
      this.#waiting.shift();
      if (isDropped) {
        this.#events.onDropped(request);
      } else {
        const waitedMs = nowMs - request.receivedAtMs;
        const isThrottled = isThrottledOp(request.op, waitedMs, this.#options.throttledOpWaitMs);
        this.#events.onReady(request, isThrottled);
      }
    }
  }

  /** When to call {@link run} next although nothing was done; undefined when nobody waits. */
  nextRunMs(nowMs: number): number | undefined {
    return this.#waiting.size === 0 ? undefined : nowMs + this.#options.stallTimeMs;
  }
}

/** Whether an operation changes something: it is then done though nobody waits for the answer. */
export function isWrite(op: number): boolean {
  switch (op) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
    case OpCode.delete:
    case OpCode.deleteContainer:
    case OpCode.setData:
    case OpCode.setACL:
    case OpCode.multi:
    case OpCode.reconfig:
    case OpCode.closeSession:
      return true;
    default:
      return false;
  }
}

/** Whether nobody wants the answer any more. closeSession is never stale: it cleans up. */
export function isStaleRequest(
  request: ThrottledRequest,
  options: Pick<RequestThrottleOptions, 'isConnectionChecked' | 'isLatencyChecked'>,
  nowMs: number,
): boolean {
  const { client } = request;
  if (client === undefined || request.op === OpCode.closeSession) return false;
  if (options.isConnectionChecked && (client.isClosed || client.isInvalid)) return true;
  return options.isLatencyChecked && nowMs - request.receivedAtMs > client.sessionTimeoutMs;
}

/**
 * Whether a request waited so long that it is answered with ThrottledOp. Pings and the begin and end
 * of sessions never are: that would end sessions for no fault of theirs.
 */
export function isThrottledOp(op: number, waitedMs: number, throttledOpWaitMs: number): boolean {
  if (throttledOpWaitMs <= 0 || waitedMs <= throttledOpWaitMs) return false;
  return op !== OpCode.ping && op !== OpCode.closeSession && op !== OpCode.createSession;
}
