/**
 * Plays steps against one server and tells what every client saw, as lines. After a step, a ping on each
 * connection makes sure that every event of the step has arrived: a server answers it after what it
 * has queued before.
 */
import { OpCode } from '@zooid/protocol';
import { describeBody, type Normal } from '../harness/describe-reply.ts';
import {
  connectRequest,
  framed,
  readConnectReply,
  readEvent,
  readReply,
  requestFrame,
  WireConnection,
} from '../harness/wire-client.ts';
import type { Step } from './steps.ts';

/** One thing that one client saw. */
export interface Line {
  readonly slot: number;
  readonly text: string;
  /** Set on a watch event only: its header's zxid, which Apache's versions differ about. */
  readonly eventZxid?: bigint;
  /** Set on a reply only. */
  readonly reply?: { readonly type: number; readonly err: number; readonly zxid: bigint };
}

interface Slot {
  connection: WireConnection | undefined;
  sessionId: bigint;
  password: Uint8Array;
  lastZxid: bigint;
  /** Types of the requests whose replies are due, in order. */
  pending: { xid: number; type: number }[];
}

/** What must be known of a server's past to name what it shows. */
export interface ServerMemory {
  /** Wall-clock time before anything was created. */
  readonly startMs: number;
  /** Names of the sessions, by id. */
  readonly sessions: Map<bigint, string>;
}

/** One server under a differential run. */
export class Driver {
  readonly #port: number;
  readonly #slots: Slot[] = [];
  readonly #sessions: Map<bigint, string>;
  readonly #startMs: bigint;
  readonly #normal: Normal;

  /** @param memory - what earlier runs on the same server have left; shared by all of them. */
  constructor(port: number, slotCount: number, memory: ServerMemory) {
    this.#port = port;
    this.#startMs = BigInt(memory.startMs);
    this.#sessions = memory.sessions;
    for (let i = 0; i < slotCount; i++) {
      this.#slots.push({
        connection: undefined,
        sessionId: 0n,
        password: new Uint8Array(16),
        lastZxid: 0n,
        pending: [],
      });
    }
    this.#normal = {
      time: (value) =>
        value >= this.#startMs && value <= BigInt(Date.now()) + 1000n ? 'now' : String(value),
      session: (id) => this.#sessions.get(id) ?? String(id),
    };
  }

  /** Whether the slot has an open connection. */
  isConnected(slot: number): boolean {
    const { connection } = this.#slots[slot]!;
    return connection !== undefined && !connection.isClosed;
  }

  /** Highest zxid that any client saw. */
  get lastZxid(): bigint {
    let last = 0n;
    for (const { lastZxid } of this.#slots) if (lastZxid > last) last = lastZxid;
    return last;
  }

  /** Plays one step to its end. */
  async play(step: Step): Promise<Line[]> {
    const lines: Line[] = [];
    const slot = this.#slots[step.slot]!;
    switch (step.kind) {
      case 'connect':
        slot.connection?.destroy();
        await this.#connect(step, slot, lines);
        break;
      case 'requests': {
        if (slot.connection === undefined) break;
        const frames = step.requests.map(({ xid, type, body }) => {
          slot.pending.push({ xid: type === OpCode.ping ? -2 : xid, type });
          return framed(requestFrame(xid, type, (writer) => writer.raw(body, 0, body.byteLength)));
        });
        slot.connection.sendRaw(Buffer.concat(frames));
        await this.#readUntilIdle(step.slot, lines);
        break;
      }
      case 'raw':
        slot.connection?.sendRaw(step.bytes);
        break;
      case 'drop':
        slot.connection?.destroy();
        slot.connection = undefined;
        slot.pending = [];
        break;
    }
    for (let i = 0; i < this.#slots.length; i++) await this.#barrier(i, lines);
    return lines;
  }

  /** Drops every connection. */
  close(): void {
    for (const { connection } of this.#slots) connection?.destroy();
  }

  async #connect(
    step: Step & { readonly kind: 'connect' },
    slot: Slot,
    lines: Line[],
  ): Promise<void> {
    const { how } = step;
    slot.pending = [];
    slot.connection = undefined;
    const connection = await WireConnection.open(this.#port).catch(() => undefined);
    if (connection === undefined) {
      lines.push({ slot: step.slot, text: 'the server is gone' });
      return;
    }
    slot.connection = connection;
    const isNew = how.session === 'new';
    connection.send(
      connectRequest({
        timeoutMs: how.timeoutMs,
        sessionId: isNew ? 0n : how.session === 'unknown id' ? 0x1234n : slot.sessionId,
        password: how.session === 'resume' ? slot.password : new Uint8Array(16),
        lastZxidSeen: isNew ? 0n : this.lastZxid + how.zxidAhead,
        ...(how.readOnlyByte === 'absent' ? {} : { readOnly: how.readOnlyByte === 'true' }),
      }),
    );
    const frame = await connection.next();
    if (frame === undefined) {
      lines.push({ slot: step.slot, text: 'closed without a ConnectResponse' });
      slot.connection = undefined;
      return;
    }
    const reply = readConnectReply(frame);
    if (reply.sessionId !== 0n) {
      if (!this.#sessions.has(reply.sessionId)) {
        this.#sessions.set(reply.sessionId, `session${this.#sessions.size}`);
      }
      slot.sessionId = reply.sessionId;
      slot.password = reply.password;
    }
    const password = reply.password.every((byte) => byte === 0) ? 'zero' : 'set';
    lines.push({
      slot: step.slot,
      text: `connected version=${reply.protocolVersion} timeout=${reply.timeoutMs} session=${this.#normal.session(reply.sessionId)} password=${reply.password.byteLength} ${password} readOnly=${reply.readOnly}`,
    });
  }

  /** A ping, and everything that arrives before its answer. */
  async #barrier(index: number, lines: Line[]): Promise<void> {
    const slot = this.#slots[index]!;
    if (slot.connection === undefined) return;
    slot.pending.push({ xid: -2, type: OpCode.ping });
    slot.connection.send(requestFrame(-2, OpCode.ping));
    await this.#readUntilIdle(index, lines);
  }

  async #readUntilIdle(index: number, lines: Line[]): Promise<void> {
    const slot = this.#slots[index]!;
    while (slot.pending.length > 0 && slot.connection !== undefined) {
      let frame: Uint8Array | undefined;
      try {
        frame = await slot.connection.next(5_000);
      } catch {
        lines.push({ slot: index, text: `no reply to ${slot.pending.length} requests` });
        slot.connection.destroy();
        slot.connection = undefined;
        slot.pending = [];
        return;
      }
      if (frame === undefined) {
        lines.push({ slot: index, text: 'closed by the server' });
        slot.connection = undefined;
        slot.pending = [];
        return;
      }
      lines.push(this.#read(index, slot, frame));
    }
  }

  #read(index: number, slot: Slot, frame: Uint8Array): Line {
    const reply = readReply(frame);
    const { xid, zxid, err, body } = reply;
    if (xid === -1 && slot.pending[0]?.xid !== -1) {
      const event = readEvent(reply);
      const rest = body.remaining > 0 ? ` +${body.remaining} bytes` : '';
      return {
        slot: index,
        text: `event type=${event.type} state=${event.state} err=${err} ${event.path}${rest}`,
        eventZxid: zxid,
      };
    }
    if (zxid > slot.lastZxid) slot.lastZxid = zxid;
    const { type } = slot.pending.shift()!;
    let text: string;
    try {
      text = err === 0 ? describeBody(type, body, this.#normal) : '';
    } catch (error) {
      text = `unreadable: ${error instanceof Error ? error.message : error}`;
    }
    if (body.remaining > 0) {
      text += ` +${Buffer.from(body.bytes.subarray(body.position)).toString('hex')}`;
    }
    return {
      slot: index,
      text: `reply xid=${xid} op=${type} zxid=${zxid} err=${err} ${text}`,
      reply: { type, err, zxid },
    };
  }
}
