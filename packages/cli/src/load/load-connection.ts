import type { LoadMeter } from './load-meter.ts';
import { ReplyScanner } from './reply-scanner.ts';
import type { Tape } from './tape.ts';
import type { SessionSocket } from './wire/session-socket.ts';

/** How a connection tells that it is done. */
export interface LoadConnectionEvents {
  /** All its replies are in and it will send no more. */
  readonly onIdle: () => void;
  readonly onFailed: (reason: Error) => void;
}

/**
 * One connection of a load: keeps `outstanding` requests in flight until the meter says stop. All
 * requests that replies of one chunk make room for leave in one write.
 */
export class LoadConnection {
  readonly #session: SessionSocket;
  readonly #tape: Tape;
  readonly #meter: LoadMeter;
  readonly #scanner: ReplyScanner;
  readonly #events: LoadConnectionEvents;
  readonly #outstanding: number;
  /** When each request in flight left, by xid modulo `outstanding`; milliseconds. */
  readonly #sentAt: Float64Array;
  /** Where on the tape the next request stands. */
  #position: number;
  /** Xid of the next request; xids start at 1. */
  #nextXid = 1;
  /** Xid of the oldest request in flight; equal to `#nextXid` when there is none. */
  #oldestXid = 1;

  constructor(
    session: SessionSocket,
    tape: Tape,
    meter: LoadMeter,
    start: { readonly outstanding: number; readonly position: number },
    events: LoadConnectionEvents,
  ) {
    this.#session = session;
    this.#tape = tape;
    this.#meter = meter;
    this.#outstanding = start.outstanding;
    this.#sentAt = new Float64Array(start.outstanding);
    this.#position = start.position;
    this.#scanner = new ReplyScanner(tape, start.position, 1);
    this.#events = events;
    session.events = {
      onBytes: (bytes, end) => this.#onBytes(bytes, end),
      onLost: (reason) => events.onFailed(reason),
    };
  }

  /** Sends the first requests. */
  start(): void {
    const now = performance.now();
    const allowed = this.#meter.take(this.#outstanding, now);
    if (allowed === 0) this.#events.onIdle();
    else this.#send(allowed, now);
  }

  #onBytes(bytes: Uint8Array, end: number): void {
    const now = performance.now();
    let completed: number;
    try {
      completed = this.#scanner.feed(bytes, end);
    } catch (error) {
      this.#events.onFailed(error as Error);
      return;
    }
    if (completed === 0) return;
    this.#recordLatencies(completed, now);
    const allowed = this.#meter.take(completed, now);
    if (allowed > 0) this.#send(allowed, now);
    else if (this.#oldestXid === this.#nextXid) this.#events.onIdle();
  }

  /** Requests of one batch left at the same moment: they are recorded together. */
  #recordLatencies(completed: number, now: number): void {
    const sentAt = this.#sentAt;
    const outstanding = this.#outstanding;
    let runStart = sentAt[this.#oldestXid % outstanding]!;
    let runLength = 0;
    for (let i = 0; i < completed; i++) {
      const sent = sentAt[this.#oldestXid++ % outstanding]!;
      if (sent !== runStart) {
        this.#meter.record(runStart, now, runLength);
        runStart = sent;
        runLength = 0;
      }
      runLength++;
    }
    this.#meter.record(runStart, now, runLength);
  }

  #send(count: number, now: number): void {
    const tape = this.#tape;
    const position = this.#position;
    tape.stamp(position, count, this.#nextXid);
    for (let i = 0; i < count; i++) this.#sentAt[this.#nextXid++ % this.#outstanding] = now;
    this.#position = (position + count) % tape.frameCount;
    this.#session.write(tape.bytes, tape.offsets[position]!, tape.offsets[position + count]!);
  }
}
