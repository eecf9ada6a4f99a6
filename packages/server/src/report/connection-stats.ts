/**
 * What `cons`, `stat` and /commands/connections tell of one connection; the connection owns one and adds to it.
 *
 * Times are whole milliseconds. Source of the rules: ServerCnxn.updateStatsForResponse and resetStats.
 */

/** Counters of one client connection. */
export class ConnectionStats {
  packetsReceived: number = 0;
  packetsSent: number = 0;
  /** Op code of the last answered request; undefined prints as NA. */
  lastOp: number | undefined;
  /** The client's last xid that was not a reserved one; -1 = none. */
  lastCxid: number = -1;
  /** Zxid in the last answer; -1 = none. */
  lastZxid: number = -1;
  /** Monotonic time of the last answer; 0 = none. */
  lastResponseMs: number = 0;
  lastLatencyMs: number = 0;
  maxLatencyMs: number = 0;
  #minLatencyMs = 0;
  #count = 0;
  #totalLatencyMs = 0;

  /**
   * Notes an answered request.
   *
   * @param xid - negative ones (ping, auth, setWatches) leave `lastCxid` as it is.
   * @param nowMs - monotonic; @param latencyMs - since the request arrived.
   */
  recordResponse(op: number, xid: number, zxid: number, nowMs: number, latencyMs: number): void {
    if (xid >= 0) this.lastCxid = xid;
    this.lastZxid = zxid;
    this.lastOp = op;
    this.lastResponseMs = nowMs;
    this.lastLatencyMs = latencyMs;
    if (this.#count === 0 || latencyMs < this.#minLatencyMs) this.#minLatencyMs = latencyMs;
    if (latencyMs > this.maxLatencyMs) this.maxLatencyMs = latencyMs;
    this.#count += 1;
    this.#totalLatencyMs += latencyMs;
  }

  /** 0 while nothing was answered. */
  get minLatencyMs(): number {
    return this.#minLatencyMs;
  }

  /** Whole milliseconds, cut off; 0 while nothing was answered. */
  get avgLatencyMs(): number {
    return this.#count === 0 ? 0 : Math.floor(this.#totalLatencyMs / this.#count);
  }

  /** What the word `crst` does. */
  reset(): void {
    this.packetsReceived = 0;
    this.packetsSent = 0;
    this.lastOp = undefined;
    this.lastCxid = -1;
    this.lastZxid = -1;
    this.lastResponseMs = 0;
    this.lastLatencyMs = 0;
    this.maxLatencyMs = 0;
    this.#minLatencyMs = 0;
    this.#count = 0;
    this.#totalLatencyMs = 0;
  }
}
