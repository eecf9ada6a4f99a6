import type { Id, JuteWriter } from '@zooid/protocol';

import type { CloseReason } from './outbox.ts';
import { DeferredFrames } from './request/deferred-frames.ts';
import type { Session } from './session/session.ts';

/** What the core needs to know of a connection when it opens. */
export interface ClientFacts {
  /** Address without port, as the `ip` scheme compares it. */
  readonly address: string;
}

/**
 * A client's connection as the core sees it. A shell extends it with its socket; it finds what to send in
 * {@link out} when a turn ends, and {@link closing} tells it to hang up afterwards.
 *
 *          connect request            session durable
 *   new ──────────────────► opening ──────────────────► open ───► closed
 *    └──────────── refused ─────┴────────────────────────────────────▲
 */
export class Client {
  readonly address: string;
  phase: 'new' | 'opening' | 'open' | 'closed' = 'new';
  /** Replies and events of this turn; undefined when there are none. */
  out: JuteWriter | undefined = undefined;
  /** Set when the server hangs up: everything in {@link out} is sent first. */
  closing: CloseReason | undefined = undefined;
  session: Session | undefined = undefined;
  /** The timeout agreed with this client, in milliseconds. */
  sessionTimeoutMs = 0;
  /** The client sent the optional byte of the connect request, so the answer carries it too. */
  speaksReadOnly = false;
  /** It is told that it can only read here. */
  isReadOnly = false;
  /** Who the client is: its address, and what it authenticated as. */
  ids: readonly Id[];

  /** Writes (and syncs) submitted on this connection, and those of them that are answered. */
  writesSubmitted = 0;
  writesDone = 0;
  /** Frames that wait behind a write, oldest first. Empty ⇔ nothing waits. */
  readonly deferred: DeferredFrames = new DeferredFrames();

  constructor(facts: ClientFacts) {
    this.address = facts.address;
    this.ids = [{ scheme: 'ip', id: facts.address }];
  }

  /** Frames that wait for their turn because too many requests are in work. */
  queued = 0;

  /** Requests taken in and not yet answered. */
  get outstanding(): number {
    return this.writesSubmitted - this.writesDone + this.deferred.size + this.queued;
  }

  get isClosed(): boolean {
    return this.phase === 'closed';
  }

  /** The server is about to hang up: nothing more of it must run. */
  get isInvalid(): boolean {
    return this.closing !== undefined;
  }
}
