import {
  type Acl,
  ErrorCode,
  EventType,
  JuteWriter,
  KeeperState,
  openAcl,
  Permission,
  ReservedXid,
} from '@zooid/protocol';
import type { AccessRules } from './auth/access-rules.ts';
import type { Client } from './client.ts';
import type { CloseReason, Meter, Outbox, ReplyFacts } from './outbox.ts';
import { OutputPool } from './output-pool.ts';
import { writeConnectResponse } from './request/connect.ts';
import type { TurnClock } from './turn-clock.ts';

/**
 * Everything that goes to clients: replies, watch events, hanging up. What is written in a turn stands
 * in the client's buffer in the order it was written, and that order is what clients rely on.
 */
export class Replies {
  readonly outputs: OutputPool<Client> = new OutputPool();
  readonly #access: AccessRules;
  readonly #meter: Meter;
  readonly #outbox: Outbox;
  readonly #clock: TurnClock;
  /** Reused for every reply: a Meter must not keep it. */
  readonly #facts: ReplyFacts;

  // The event that was encoded last: one change is told to many watchers.
  readonly #event = new JuteWriter(256);
  #eventPath = '';
  #eventType: number = EventType.none;
  #eventZxid = -1;

  constructor(parts: {
    readonly access: AccessRules;
    readonly meter: Meter;
    readonly outbox: Outbox;
    readonly clock: TurnClock;
    /** A client to fill the place of one in the reused object; nobody sees it. */
    readonly nobody: Client;
  }) {
    this.#access = parts.access;
    this.#meter = parts.meter;
    this.#outbox = parts.outbox;
    this.#clock = parts.clock;
    this.#facts = {
      client: parts.nobody,
      op: 0,
      xid: 0,
      zxid: 0,
      nowMs: 0,
      latencyMs: 0,
      bytes: 0,
      isUpdate: false,
    };
  }

  /** The client's buffer of this turn. */
  of(client: Client): JuteWriter {
    return this.outputs.of(client);
  }

  /** Begins a reply whose code is ok until {@link end} says otherwise. Returns what `end` wants back. */
  begin(out: JuteWriter, xid: number, zxid: number): number {
    const mark = out.startFrame();
    out.int(xid);
    out.longFromNumber(zxid);
    out.int(ErrorCode.ok);
    return mark;
  }

  /** Ends the reply begun at `mark`; with a code other than ok its body is taken back. */
  end(
    client: Client,
    out: JuteWriter,
    mark: number,
    code: ErrorCode,
    request: {
      readonly op: number;
      readonly xid: number;
      readonly zxid: number;
      readonly receivedAtMs: number;
      readonly isUpdate: boolean;
    },
  ): void {
    if (code !== ErrorCode.ok) {
      out.truncate(mark + 20);
      out.patchInt(mark + 16, code);
    }
    out.endFrame(mark);
    const facts = this.#facts;
    facts.client = client;
    facts.op = request.op;
    facts.xid = request.xid;
    facts.zxid = request.zxid;
    facts.nowMs = this.#clock.nowMs;
    facts.latencyMs = this.#clock.nowMs - request.receivedAtMs;
    facts.bytes = out.length - mark - 4;
    facts.isUpdate = request.isUpdate;
    this.#meter.onReply(facts);
  }

  /** A reply without a body. */
  bare(client: Client, op: number, xid: number, zxid: number, code: ErrorCode): void {
    const out = this.of(client);
    const mark = this.begin(out, xid, zxid);
    const receivedAtMs = this.#clock.nowMs;
    this.end(client, out, mark, code, { op, xid, zxid, receivedAtMs, isUpdate: false });
  }

  /** Answers a connect request: with the client's session, or that there is none any more. */
  connected(client: Client, sessionId: bigint | undefined): void {
    const out = this.of(client);
    const mark = out.length;
    writeConnectResponse(out, client, sessionId);
    this.#meter.onConnected(client, out.length - mark - 4);
  }

  /**
   * Tells a watcher what happened, if it may read the znode that the event is about.
   * Source: NIOServerCnxn.process, CVE-2024-23944.
   */
  event(client: Client, eventType: number, path: string, zxid: number, acls: readonly Acl[]): void {
    if (client.phase === 'closed' || client.closing !== undefined) return;
    if (acls !== openAcl && !this.#access.allows(acls, Permission.read, client.ids)) return;
    const event = this.#event;
    if (this.#eventZxid !== zxid || this.#eventType !== eventType || this.#eventPath !== path) {
      this.#eventZxid = zxid;
      this.#eventType = eventType;
      this.#eventPath = path;
      event.clear();
      const mark = event.startFrame();
      event.int(ReservedXid.notification);
      event.longFromNumber(zxid);
      event.int(ErrorCode.ok);
      event.int(eventType);
      event.int(KeeperState.syncConnected);
      event.ustring(path);
      event.endFrame(mark);
    }
    this.of(client).raw(event.bytes, 0, event.length);
    this.#meter.onEvent(client, event.length - 4);
  }

  /** Ends a connection once everything written to it so far is sent. */
  hangUp(client: Client, reason: CloseReason): void {
    if (client.phase === 'closed' || client.closing !== undefined) return;
    client.closing = reason;
    // Also a client with nothing to send must be seen when the turn ends.
    this.outputs.of(client);
    this.#outbox.report({ kind: 'client-closed', client, reason });
  }
}
