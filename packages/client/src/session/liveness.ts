/**
 * Whether the server still hears us, and we it.
 *
 * Everything is counted by the client's own monotonic clock, in ms.
 *
 * Source: ClientCnxn.SendThread for silence and pings. The local expiry is stricter than Apache's, which waits four thirds of the
 * timeout: whoever holds a lock must stop before the server may give it away.
 */

/** Longest silence towards the server, however long the session's timeout. Source: ClientCnxn.MAX_SEND_PING_INTERVAL. */
const PING_INTERVAL_MS_MAX = 10_000;

export class Liveness {
  /** The session's timeout: asked for until it is granted. */
  timeoutMs: number;

  #lastHeardMs = 0;
  #lastSentMs = 0;
  /** Of the pings without an answer, oldest first: they are answered in order. */
  #pingsSentAtMs: number[] = [];
  /** When the newest message was sent that a server is known to have received that can renew the session. */
  #acknowledgedMs: number;
  /** Whether the present server can: one in read-only mode keeps the session from nobody's expiring it. */
  #canRenew = true;

  constructor(timeoutMs: number, nowMs: number) {
    this.timeoutMs = timeoutMs;
    this.#acknowledgedMs = nowMs;
  }

  onConnected(nowMs: number): void {
    this.#lastHeardMs = nowMs;
    this.#pingsSentAtMs = [];
  }

  onHeard(nowMs: number): void {
    this.#lastHeardMs = nowMs;
  }

  onSent(nowMs: number): void {
    this.#lastSentMs = nowMs;
  }

  onPingSent(nowMs: number): void {
    this.#pingsSentAtMs.push(nowMs);
  }

  /** The answer proves that its own ping has arrived, and nothing about a later one. */
  onPingAnswered(): void {
    const sentAtMs = this.#pingsSentAtMs.shift();
    if (sentAtMs !== undefined) this.acknowledge(sentAtMs);
  }

  /** The connect request was answered, and it was the last that was sent. @param mode - the server's. */
  onSessionGranted(timeoutMs: number, mode: 'read-write' | 'read-only'): void {
    this.timeoutMs = timeoutMs;
    this.#canRenew = mode === 'read-write';
    this.acknowledge(this.#lastSentMs);
  }

  /** The server has received what was sent at `sentAtMs`: the session lives that much longer. */
  acknowledge(sentAtMs: number): void {
    if (this.#canRenew && sentAtMs > this.#acknowledgedMs) this.#acknowledgedMs = sentAtMs;
  }

  /**
   * When the server may expire the session. It counts from when it last heard of us, which was not before we sent what it
   * has acknowledged: so we never think a session alive longer than the server does. A follower of Apache's that is cut off from its
   * leader answers until it notices, and nobody here can know; one of Zooid's answers no longer than it has a lease.
   */
  get expiryMs(): number {
    return this.#acknowledgedMs + this.timeoutMs;
  }

  /** When the connection must be taken for dead, unless something is heard: after two thirds of the timeout. */
  get silenceEndMs(): number {
    return this.#lastHeardMs + (this.timeoutMs * 2) / 3;
  }

  /** When a ping is due, unless something else is sent: after a third of the timeout. */
  get pingDueMs(): number {
    return this.#lastSentMs + Math.min(this.timeoutMs / 3, PING_INTERVAL_MS_MAX);
  }
}
