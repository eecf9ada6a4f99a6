/**
 * The calls of a session: those that wait for a connection or for room on it, and those that wait for their answer.
 *
 * It decides what may be sent now, what is sent again after a lost connection, and who has waited too long. When to
 * send, and what an answer means, is the session core's.
 */

import { encodeRequest, type JuteWriter } from '@zooid/protocol';
import {
  BadArgumentsError,
  ConnectionLossError,
  OperationTimeoutError,
  type Outcome,
  RequestTooLargeError,
} from '../errors.ts';
import type { Call } from './call.ts';
import { CallQueue } from './call-queue.ts';

export interface CallDeskOptions {
  /** Whether calls without effect are sent again when their answer was lost. */
  readonly resendsReads: boolean;
  /** Most calls that may wait, sent or not. */
  readonly pendingMax: number;
  /** Longest request, in bytes: `jute.maxbuffer` of the server. */
  readonly requestBytesMax: number;
}

/** A call that will get no answer, and what may have become of it. */
export interface AbandonedCall {
  readonly call: Call;
  readonly outcome: Outcome;
}

/** Bytes that may be on their way before calls wait here: a server that reads slowly costs no more than this. */
const SENT_BYTES_MAX = 4 * 1024 * 1024;
const XID_MAX = 0x7fff_ffff;

export class CallDesk {
  readonly #options: CallDeskOptions;
  // Every call is in #sent (its frame is written, in order of xid) or in #waiting. Waiting ones are younger.
  readonly #sent = new CallQueue();
  readonly #waiting = new CallQueue();
  #sentBytes = 0;
  /** How many of #sent, counted from the oldest, have left with a flush. */
  #flushed = 0;
  #nextXid: number;
  /** Not later than the earliest deadline of a call. */
  #deadlineMs = Number.POSITIVE_INFINITY;

  /** @param firstXid - number of the first request. */
  constructor(options: CallDeskOptions, firstXid = 1) {
    this.#options = options;
    this.#nextXid = firstXid;
  }

  /** Calls that wait, sent or not. */
  get pendingCount(): number {
    return this.#sent.size + this.#waiting.size;
  }

  /** When to look at {@link failLate}: not later than any call's deadline. */
  get deadlineMs(): number {
    return this.#deadlineMs;
  }

  /** Whether one more call may wait; those that nobody waits for any more make room. */
  hasRoom(): boolean {
    const { pendingMax } = this.#options;
    if (this.pendingCount < pendingMax) return true;
    for (const call of this.#waiting.drain()) if (!call.isSettled) this.#waiting.push(call);
    return this.pendingCount < pendingMax;
  }

  /**
   * Takes a call in.
   *
   * @param writer - where its frame goes; undefined while nothing can be sent.
   * @returns whether something was written.
   */
  add(call: Call, writer: JuteWriter | undefined): boolean {
    if (call.deadlineMs < this.#deadlineMs) this.#deadlineMs = call.deadlineMs;
    if (writer === undefined || this.#waiting.size > 0 || this.#sentBytes >= SENT_BYTES_MAX) {
      this.#waiting.push(call);
      return false;
    }
    this.#write(call, writer);
    return true;
  }

  /** Writes a call in front of all that wait: one that the connection itself needs. */
  addAhead(call: Call, writer: JuteWriter): void {
    this.#write(call, writer);
  }

  /** Writes calls that waited, as many as there is room for. @returns whether something was written. */
  sendWaiting(writer: JuteWriter): boolean {
    if (this.#waiting.size === 0) return false;
    while (this.#sentBytes < SENT_BYTES_MAX) {
      const call = this.#waiting.shift();
      if (call === undefined) break;
      if (!call.isSettled) this.#write(call, writer);
    }
    return true;
  }

  /** What was written is on its way. */
  markFlushed(nowMs: number): void {
    const { size } = this.#sent;
    for (let i = this.#flushed; i < size; i++) this.#sent.at(i).sentAtMs = nowMs;
    this.#flushed = size;
  }

  /** Takes out the call that the answer `xid` is for. @throws Error when it is not the oldest that has left: the order is lost. */
  takeAnswered(xid: number): Call {
    const call = this.#flushed > 0 ? this.#sent.peek() : undefined;
    if (call === undefined || call.xid !== xid) {
      throw new Error(`an answer to request ${xid}, ${call?.xid ?? 'none'} was expected`);
    }
    this.#sent.shift();
    this.#flushed--;
    this.#sentBytes -= call.frameBytes;
    return call;
  }

  /** Fails every call whose deadline has come. */
  failLate(nowMs: number): void {
    this.#deadlineMs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#sent.size; i++) {
      const call = this.#sent.at(i);
      this.#failIfLate(call, i < this.#flushed ? call.outcomeWhenLost : 'not-applied', nowMs);
    }
    for (let i = 0; i < this.#waiting.size; i++) {
      this.#failIfLate(this.#waiting.at(i), 'not-applied', nowMs);
    }
  }

  /** The connection is lost: puts what may be sent again in front of what waits, in order, and fails the rest. */
  onConnectionLost(cause: Error | undefined): void {
    const sent = this.#takeSent();
    const waiting = this.#waiting.drain();
    for (const { call, outcome, wasFlushed } of sent) {
      if (call.isSettled) continue;
      if (!wasFlushed || this.#isResent(call)) this.#waiting.push(call);
      else call.fail(new ConnectionLossError({ ...call.facts, outcome, cause }));
    }
    for (const call of waiting) this.#waiting.push(call);
  }

  /** Takes all calls out, oldest first: the session is over. */
  abandon(): readonly AbandonedCall[] {
    const sent = this.#takeSent();
    const waiting = this.#waiting.drain();
    return [...sent, ...waiting.map((call) => ({ call, outcome: 'not-applied' as const }))];
  }

  #takeSent(): readonly (AbandonedCall & { readonly wasFlushed: boolean })[] {
    const flushed = this.#flushed;
    this.#flushed = 0;
    this.#sentBytes = 0;
    return this.#sent.drain().map((call, index) => {
      const wasFlushed = index < flushed;
      return { call, wasFlushed, outcome: wasFlushed ? call.outcomeWhenLost : 'not-applied' };
    });
  }

  #write(call: Call, writer: JuteWriter): void {
    const { request } = call.spec;
    const xid = this.#nextXid;
    const mark = writer.startFrame();
    writer.int(xid);
    writer.int(request.op);
    try {
      encodeRequest(writer, request);
    } catch (cause) {
      // What came through the types, an ACL out of a JSON file for one: half a frame must not stay.
      writer.truncate(mark);
      const sentence = 'an argument cannot be encoded';
      call.fail(new BadArgumentsError({ ...call.facts, sentence, cause }));
      return;
    }
    writer.endFrame(mark);
    const frameBytes = writer.length - mark;
    const requestBytes = frameBytes - 4;
    if (requestBytes > this.#options.requestBytesMax) {
      writer.truncate(mark);
      const sentence = `the request has ${requestBytes} bytes, the limit is ${this.#options.requestBytesMax}`;
      call.fail(new RequestTooLargeError({ ...call.facts, sentence }));
      return;
    }
    this.#nextXid = xid === XID_MAX ? 1 : xid + 1;
    call.xid = xid;
    call.frameBytes = frameBytes;
    this.#sentBytes += frameBytes;
    this.#sent.push(call);
  }

  #isResent(call: Call): boolean {
    switch (call.spec.effect) {
      case 'none':
        return this.#options.resendsReads;
      case 'repeatable':
        return true;
      case 'once':
        return false;
    }
  }

  #failIfLate(call: Call, outcome: Outcome, nowMs: number): void {
    if (call.isSettled) return;
    if (call.deadlineMs <= nowMs) {
      call.fail(new OperationTimeoutError({ ...call.facts, outcome }));
    } else if (call.deadlineMs < this.#deadlineMs) {
      this.#deadlineMs = call.deadlineMs;
    }
  }
}
