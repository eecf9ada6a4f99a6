/** `largeRequestThreshold` and `largeRequestMaxBytes`. */
export interface LargeRequestOptions {
  /** Requests longer than this are large; undefined: none is. */
  readonly thresholdBytes: number | undefined;
  /** What all large requests in work may be together. */
  readonly bytesMax: number;
}

/**
 * A budget for large requests in work. A connection whose request would exceed it is closed, so that a
 * few clients with large values cannot use up the memory.
 *
 * Source: ZooKeeperServer.checkRequestSizeWhenReceivingMessage, checkRequestSizeWhenMessageReceived.
 */
export class LargeRequests {
  readonly #thresholdBytes: number;
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(options: LargeRequestOptions) {
    this.#thresholdBytes = options.thresholdBytes ?? Number.POSITIVE_INFINITY;
    this.#bytesMax = options.bytesMax;
  }

  /** Bytes of the large requests in work: the metric large_requests_bytes is about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a frame of this length may be read at all. For when only its length is known. */
  hasRoomFor(frameBytes: number): boolean {
    return frameBytes <= this.#thresholdBytes || this.#bytes + frameBytes <= this.#bytesMax;
  }

  /** Takes a request in, if there is room; {@link release} it with the same length when it is done. */
  tryTake(frameBytes: number): boolean {
    if (!this.hasRoomFor(frameBytes)) return false;
    if (frameBytes > this.#thresholdBytes) this.#bytes += frameBytes;
    return true;
  }

  /** A request that was taken in is answered or dropped. */
  release(frameBytes: number): void {
    if (frameBytes > this.#thresholdBytes) this.#bytes -= frameBytes;
  }
}
