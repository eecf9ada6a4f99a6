import type { Acl, ErrorCode, EventType } from '@zooid/protocol';
import type { Client } from './client.ts';
import type { QuotaExceeded } from './quota/quota.ts';

/**
 * What the core may ask of the outside world.
 *
 * Calls only record intent: they return at once, never throw and never call back into the core. The
 * shell acts on them when the turn ends; completion comes back later as an event.
 */
export interface Outbox {
  /**
   * Appends a transaction (header, body, digest) to the log. `ServerCore.onLogSynced` follows once it
   * is durable. The bytes are `[start, end)` and valid during the call only.
   */
  appendTxn(zxid: number, bytes: Uint8Array, start: number, end: number): void;
  /** Something an operator, a metric or the audit log would want to know. Never needed for correctness. */
  report(fact: Fact): void;
}

/** Why the server ends a connection. */
export type CloseReason =
  | 'session-closed'
  | 'session-expired'
  | 'session-moved'
  | 'session-invalid'
  | 'client-zxid-ahead'
  | 'throttled'
  | 'stale-request'
  | 'auth-failed'
  | 'auth-required'
  | 'unimplemented'
  | 'malformed'
  | 'not-serving'
  | 'large-request-limit';

/** What the core tells about itself. One table in the server turns each into a log line, a metric, an audit line. */
export type Fact =
  | { readonly kind: 'session-established'; readonly sessionId: bigint; readonly timeoutMs: number }
  | { readonly kind: 'session-resumed'; readonly sessionId: bigint; readonly timeoutMs: number }
  | {
      readonly kind: 'session-refused';
      readonly sessionId: bigint;
      readonly reason: 'unknown' | 'password';
    }
  | { readonly kind: 'session-expired'; readonly sessionId: bigint; readonly timeoutMs: number }
  | { readonly kind: 'session-closed'; readonly sessionId: bigint }
  | { readonly kind: 'client-closed'; readonly client: Client; readonly reason: CloseReason }
  | { readonly kind: 'auth-failed'; readonly client: Client; readonly scheme: string }
  | { readonly kind: 'auth-succeeded'; readonly client: Client; readonly scheme: string }
  | {
      readonly kind: 'malformed-request';
      readonly client: Client;
      readonly op: number;
      readonly message: string;
    }
  | { readonly kind: 'cleaner-delete'; readonly path: string }
  | ({ readonly kind: 'quota-exceeded' } & QuotaExceeded)
  | {
      readonly kind: 'digest-mismatch';
      readonly zxid: number;
      readonly expected: bigint;
      readonly actual: bigint;
    }
  | {
      readonly kind: 'audit';
      readonly client: Client | undefined;
      readonly sessionId: bigint;
      readonly op: number;
      readonly path: string | undefined;
      /** As the create asked; -1 where the audit log names no type of znode. */
      readonly createFlags: number;
      /** As a setACL asked. */
      readonly acls?: readonly Acl[] | undefined;
      readonly result: ErrorCode;
    };

/**
 * Counts what the core does. Called for every request, so an implementation only adds to numbers.
 * Times are milliseconds of the monotonic clock; `bytes` are those of the frame without its length.
 */
export interface Meter {
  onReceived(client: Client, op: number, bytes: number): void;
  /** A connect request passed the connection throttle, whose bucket is short of so many tokens now. */
  onAdmitted(tokenDeficit: number): void;
  /** A request left the queue of those that wait for their turn. */
  onUnqueued(outcome: 'ready' | 'throttled' | 'dropped', waitedMs: number): void;
  /** A reply was encoded. `latencyMs` counts from the arrival of its request. */
  onReply(reply: ReplyFacts): void;
  /** The answer to a connect request was encoded. */
  onConnected(client: Client, bytes: number): void;
  /** A watch event was encoded for a client. */
  onEvent(client: Client, bytes: number): void;
  /** The znode at `[start, end)` of `path` was shown to a client, with so many bytes of data or names. */
  onZnodeRead(path: Uint8Array, start: number, end: number, bytes: number): void;
  /** The znode at `[start, end)` of `path` was created, deleted or set, with so many bytes of data. */
  onZnodeWritten(path: Uint8Array, start: number, end: number, bytes: number): void;
  /** One change concerned so many watchers. */
  onWatchesFired(eventType: EventType, watcherCount: number): void;
}

/** One reply, in an object that the core uses again for the next. */
export interface ReplyFacts {
  client: Client;
  op: number;
  xid: number;
  zxid: number;
  nowMs: number;
  latencyMs: number;
  bytes: number;
  isUpdate: boolean;
}
