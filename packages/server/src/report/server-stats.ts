/**
 * Everything the server counts, as plain fields of one object.
 *
 * Whoever does the work adds to a field; `metrics.ts` gives each field its name, its help and its way out
 * (mntr, /commands/monitor, Prometheus). A field without a user there, or a metric without a field here, is a
 * defect that a test finds. All times are whole milliseconds, as Apache's are; all sizes bytes.
 */
import type { EnsembleVerdict } from '@zooid/core';
import type { OpCode } from '@zooid/protocol';
import { NamespaceTraffic } from './namespace-traffic.ts';
import { ServerSummaries } from './server-summaries.ts';
import { ServiceTimes } from './service-times.ts';
import { PercentileSummary, type Summary } from './summary.ts';
import { SyncsInFlight } from './syncs-in-flight.ts';

/** Lets op codes from -11 (closeSession) up be an index. */
const OP_OFFSET = 16;
const OP_SLOTS = 128;

/** Sizes of the last, the smallest and the largest answer; -1 until there is one. */
export class ResponseSizes {
  last: number = -1;
  min: number = -1;
  max: number = -1;

  /** Notes the size of one answer, header included, length prefix excluded. */
  add(bytes: number): void {
    this.last = bytes;
    if (this.min < 0 || bytes < this.min) this.min = bytes;
    if (bytes > this.max) this.max = bytes;
  }

  reset(): void {
    this.last = -1;
    this.min = -1;
    this.max = -1;
  }
}

/** Counters and summaries of one server since it started or since `srst`. */
export class ServerStats {
  // Requests and answers. One packet is one frame: a request, a connect, an answer, a notification.
  packetsReceived: number = 0;
  packetsSent: number = 0;
  /** Bytes of frames from clients, length prefixes included. */
  bytesReceived: number = 0;
  /** Bytes of answers to clients. */
  responseBytes: number = 0;
  /** Bytes of watch events to clients. */
  watchBytes: number = 0;
  readonly responseSizes: ResponseSizes = new ResponseSizes();
  /** Of proposals of this leader. */
  readonly proposalSizes: ResponseSizes = new ResponseSizes();
  readonly readLatency: PercentileSummary = new PercentileSummary();
  readonly updateLatency: PercentileSummary = new PercentileSummary();
  readonly readTraffic: NamespaceTraffic = new NamespaceTraffic();
  readonly writeTraffic: NamespaceTraffic = new NamespaceTraffic();
  readonly #opCounts: Float64Array = new Float64Array(OP_SLOTS);

  // Connections and sessions.
  connectionRequests: number = 0;
  /** Refused by a limit: per address, in all, or the connection throttle. */
  connectionsRejected: number = 0;
  /** Closed because the server or the client went away or misbehaved. */
  connectionsDropped: number = 0;
  /** A client came back with the id of a session. */
  connectionsRevalidated: number = 0;
  readonly connectionTokenDeficit: PercentileSummary = new PercentileSummary();
  sessionlessConnectionsExpired: number = 0;
  staleSessionsExpired: number = 0;
  closedWithoutServerRunning: number = 0;
  authFailures: number = 0;
  /** Clients that named this ensemble, another one, or none, in the scheme `ensemble`. */
  ensembleNamesMatched: number = 0;
  ensembleNamesOfOthers: number = 0;
  ensembleNamesSkipped: number = 0;
  unsuccessfulHandshakes: number = 0;
  tlsHandshakesExceeded: number = 0;

  // Limits.
  requestThrottleWaits: number = 0;
  readonly requestThrottleQueueTimeMs: PercentileSummary = new PercentileSummary();
  throttledOps: number = 0;
  staleRequests: number = 0;
  staleRequestsDropped: number = 0;
  staleReplies: number = 0;
  largeRequestsRejected: number = 0;

  // The log.
  /** Transactions in one write of the log: those that had gathered when it began. */
  readonly logBatchTxns: PercentileSummary = new PercentileSummary();
  /** One write of the log until it is durable: written and synced in one call. */
  readonly fsyncTimeMs: PercentileSummary = new PercentileSummary();
  /** Syncs slower than `fsync.warningthresholdms`. */
  slowFsyncs: number = 0;
  digestMismatches: number = 0;
  unrecoverableErrors: number = 0;

  // Storage.
  readonly snapshotTimeMs: PercentileSummary = new PercentileSummary();
  snapshotErrors: number = 0;
  snapshotsRateLimited: number = 0;
  readonly restoreTimeMs: PercentileSummary = new PercentileSummary();
  restoreErrors: number = 0;
  restoresRateLimited: number = 0;
  readonly databaseInitTimeMs: PercentileSummary = new PercentileSummary();
  readonly startupTxnsLoaded: PercentileSummary = new PercentileSummary();
  readonly startupTxnsLoadTimeMs: PercentileSummary = new PercentileSummary();
  readonly startupSnapshotLoadTimeMs: PercentileSummary = new PercentileSummary();

  // The ensemble.
  /** Made by this leader. */
  proposals: number = 0;
  /** Committed by this leader. */
  commits: number = 0;
  /** Heard of as a learner. */
  proposalsReceived: number = 0;
  commitsReceived: number = 0;
  revalidations: number = 0;
  elections: number = 0;
  diffSyncs: number = 0;
  snapshotSyncs: number = 0;
  readonly syncsInFlight: SyncsInFlight = new SyncsInFlight();
  readonly serviceTimes: ServiceTimes = new ServiceTimes();
  readonly ackLatency: ServerSummaries = new ServerSummaries();
  readonly quorumAckLatency: PercentileSummary = new PercentileSummary();
  readonly proposalLatency: PercentileSummary = new PercentileSummary();
  /** From the header of a transaction until it is applied; of members. */
  readonly propagationLatency: PercentileSummary = new PercentileSummary();

  // Watches: how many each change fired.
  readonly nodeCreatedWatches: PercentileSummary = new PercentileSummary();
  readonly nodeDeletedWatches: PercentileSummary = new PercentileSummary();
  readonly nodeChangedWatches: PercentileSummary = new PercentileSummary();
  readonly nodeChildrenWatches: PercentileSummary = new PercentileSummary();

  // Quotas, the process.
  /** Refusals by top-level znode; bounded because clients choose the names. */
  readonly quotaExceededByNamespace: Map<string, number> = new Map();
  /** How late the event loop ran a tick: what a JVM pause is to Apache. */
  readonly loopPauseTimeMs: PercentileSummary = new PercentileSummary();

  /** Counts the answer to a read: no transaction header. `latencyMs` from arrival to answer. */
  recordRead(latencyMs: number): void {
    this.readLatency.add(latencyMs);
  }

  /** Counts the answer to a write. `latencyMs` from arrival to answer. */
  recordUpdate(latencyMs: number): void {
    this.updateLatency.add(latencyMs);
  }

  /** Latencies of reads and updates together, put together when asked: nothing more to add to for each request. */
  get requestLatency(): Pick<Summary, 'count' | 'sum' | 'min' | 'max' | 'average'> {
    const { readLatency: reads, updateLatency: updates } = this;
    const count = reads.count + updates.count;
    const sum = reads.sum + updates.sum;
    const min =
      reads.count === 0 || (updates.count > 0 && updates.min < reads.min) ? updates.min : reads.min;
    const average = count === 0 ? 0 : Math.round((sum / count) * 10_000) / 10_000;
    return { count, sum, min, max: Math.max(reads.max, updates.max), average };
  }

  /** Counts one answer to a client of this many bytes. */
  recordResponse(bytes: number): void {
    this.packetsSent += 1;
    this.responseBytes += bytes;
    this.responseSizes.add(bytes);
  }

  /** Counts one watch event to a client of this many bytes. */
  recordNotification(bytes: number): void {
    this.packetsSent += 1;
    this.watchBytes += bytes;
  }

  /** Counts a request by its op code; codes that no client may send are not counted. */
  countOp(op: number): void {
    const slot = op + OP_OFFSET;
    if (slot >= 0 && slot < OP_SLOTS) this.#opCounts[slot]! += 1;
  }

  /** Requests with this op code. */
  opCount(op: OpCode): number {
    return this.#opCounts[op + OP_OFFSET]!;
  }

  /** Requests of all op codes. */
  get opCountTotal(): number {
    let total = 0;
    for (const count of this.#opCounts) total += count;
    return total;
  }

  /** Counts one use of the scheme `ensemble`. */
  countEnsembleName(verdict: EnsembleVerdict): void {
    if (verdict === 'ours') this.ensembleNamesMatched += 1;
    else if (verdict === 'another') this.ensembleNamesOfOthers += 1;
    else this.ensembleNamesSkipped += 1;
  }

  /** Counts a write refused by a quota. @param namespace - top-level znode, without slashes. */
  countQuotaExceeded(namespace: string): void {
    const counts = this.quotaExceededByNamespace;
    const before = counts.get(namespace);
    if (before === undefined && counts.size >= QUOTA_NAMESPACES_MAX) return;
    counts.set(namespace, (before ?? 0) + 1);
  }

  /** What the word `srst` does: every counter and summary starts again from nothing. */
  reset(): void {
    // Every field is a number or knows how to reset itself, which the compiler sees and a test checks.
    for (const [name, value] of Object.entries(this) as [keyof this, unknown][]) {
      if (typeof value === 'number') (this as Record<keyof this, unknown>)[name] = 0;
      else if (value instanceof Map) value.clear();
      else (value as { reset(): void }).reset();
    }
    this.#opCounts.fill(0);
  }
}

const QUOTA_NAMESPACES_MAX = 512;
