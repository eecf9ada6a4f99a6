import type { SessionBucket } from './session-bucket.ts';

/** A client's session, as long as the server knows it. Made by SessionTracker.track only. */
export class Session {
  readonly id: bigint;

  /** Timeout in force: what the connection that holds the session negotiated. Set through the tracker. */
  timeoutMs: number;

  /**
   * Timeout that the createSession transaction carried. Snapshots carry this one; a client that came
   * back with another timeout does not change it. Source: SessionTrackerImpl.sessionsWithTimeout.
   */
  committedTimeoutMs: number;

  /** A closeSession is on its way: requests of the session are refused, it expires no second time. */
  isClosing = false;

  /** The connection that holds the session now; undefined when none does. The caller's to set. */
  client: unknown = undefined;

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

  constructor(id: bigint, timeoutMs: number) {
    this.id = id;
    this.timeoutMs = timeoutMs;
    this.committedTimeoutMs = timeoutMs;
  }
}
