/**
 * The core's meter: what is counted for every request. Only additions to numbers; nothing is allocated.
 */
import type { Client, Meter, ReplyFacts } from '@zooid/core';
import { EventType } from '@zooid/protocol';
import type { ConnectionStats } from './connection-stats.ts';
import type { ServerStats } from './server-stats.ts';

/** A connection that counts for itself, too; every client of this server's shell is one. */
export interface CountedClient extends Client {
  readonly stats: ConnectionStats;
}

/** Bytes of the length in front of each frame. */
const LENGTH_BYTES = 4;

/** What Apache adds for the stat of a znode that is read. Source: DataTree.STAT_OVERHEAD_BYTES. */
const STAT_BYTES = 68;

/** Adds what the core tells to the server's and the connection's counters. */
export class ServerMeter implements Meter {
  readonly #stats: ServerStats;

  constructor(stats: ServerStats) {
    this.#stats = stats;
  }

  onReceived(client: Client, op: number, bytes: number): void {
    const stats = this.#stats;
    stats.packetsReceived += 1;
    stats.bytesReceived += bytes + LENGTH_BYTES;
    stats.countOp(op);
    (client as CountedClient).stats.packetsReceived += 1;
  }

  onAdmitted(tokenDeficit: number): void {
    this.#stats.connectionTokenDeficit.add(tokenDeficit);
  }

  onUnqueued(outcome: 'ready' | 'throttled' | 'dropped', waitedMs: number): void {
    const stats = this.#stats;
    if (outcome === 'dropped') {
      stats.staleRequestsDropped += 1;
      return;
    }
    stats.requestThrottleQueueTimeMs.add(waitedMs);
    if (outcome === 'throttled') stats.throttledOps += 1;
  }

  /** A four-letter word: four bytes where the length of a frame stands otherwise. */
  onWord(client: CountedClient): void {
    this.#stats.packetsReceived += 1;
    this.#stats.bytesReceived += LENGTH_BYTES;
    client.stats.packetsReceived += 1;
  }

  onReply(reply: ReplyFacts): void {
    const stats = this.#stats;
    stats.recordResponse(reply.bytes);
    if (reply.isUpdate) stats.recordUpdate(reply.latencyMs);
    else stats.recordRead(reply.latencyMs);
    const own = (reply.client as CountedClient).stats;
    own.packetsSent += 1;
    own.recordResponse(reply.op, reply.xid, reply.zxid, reply.nowMs, reply.latencyMs);
  }

  /** A change fired this many watches of one kind. */
  onZnodeRead(path: Uint8Array, start: number, end: number, bytes: number): void {
    this.#stats.readTraffic.add(path, start, end, end - start + bytes + STAT_BYTES);
  }

  onZnodeWritten(path: Uint8Array, start: number, end: number, bytes: number): void {
    this.#stats.writeTraffic.add(path, start, end, end - start + bytes);
  }

  onWatchesFired(eventType: EventType, count: number): void {
    const stats = this.#stats;
    switch (eventType) {
      case EventType.nodeCreated:
        stats.nodeCreatedWatches.add(count);
        break;
      case EventType.nodeDeleted:
        stats.nodeDeletedWatches.add(count);
        break;
      case EventType.nodeDataChanged:
        stats.nodeChangedWatches.add(count);
        break;
      case EventType.nodeChildrenChanged:
        stats.nodeChildrenWatches.add(count);
        break;
      default:
        break;
    }
  }

  onConnected(client: Client, bytes: number): void {
    this.#stats.recordResponse(bytes);
    (client as CountedClient).stats.packetsSent += 1;
  }

  onEvent(client: Client, bytes: number): void {
    this.#stats.recordNotification(bytes);
    (client as CountedClient).stats.packetsSent += 1;
  }
}
