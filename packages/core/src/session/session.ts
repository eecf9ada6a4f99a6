import type { Id } from '@zooid/protocol';
import type { SessionBucket } from './session-bucket.ts';

/** {@link Session.owner} of those whose clients are connected to this server itself. */
export const HERE: unknown = Object.freeze({ place: 'here' });

/** Who knows a session: the whole ensemble, for it is in the log; or one server alone, and its end is the session's. */
export type SessionScope = 'global' | 'local';

/** A client's session, as long as the server knows it. Made by SessionTracker.track only. */
export class Session {
  readonly id: bigint;
  readonly scope: SessionScope;

  /**
   * Timeout in force: what the connection that holds the session negotiated, which need not be what
   * the createSession transaction carried. Set through the tracker.
   */
  timeoutMs: number;

  /** A closeSession is on its way: requests of the session are refused, it expires no second time. */
  isClosing = false;

  /** The connection that holds the session now; undefined when none does. The caller's to set. */
  client: unknown = undefined;

  /**
   * Through whom the session's client talks: {@link HERE}, or a learner of this leader; undefined until it was heard of. A request that
   * comes another way is refused, for the client has moved on. The caller's to set. Source: SessionTracker.setOwner.
   */
  owner: unknown = undefined;

  /** Who the client is, as a learner said with its last request: the bytes, and what they mean. The caller's to set. */
  forwardedIds: { readonly bytes: Uint8Array; readonly ids: readonly Id[] } | undefined = undefined;

  /** A learner was heard of the session since it last told its leader so. The caller's to set. */
  isTouched = false;

  // What follows is the tracker's.

  /**
   * The session expires when this time (monotonic, ms) is reached: the end of its bucket, a multiple
   * of tickTime. Equals `bucket.expiryMs` while it is in one.
   */
  expiryMs = 0;
  /** The bucket it waits in; undefined once taken as due, or removed. */
  bucket: SessionBucket | undefined = undefined;
  /** Neighbours in the bucket. */
  previous: Session | undefined = undefined;
  next: Session | undefined = undefined;

  constructor(id: bigint, timeoutMs: number, scope: SessionScope) {
    this.id = id;
    this.scope = scope;
    this.timeoutMs = timeoutMs;
  }
}
