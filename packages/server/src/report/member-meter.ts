/** What the roles of a member count: only additions to numbers. Source of what belongs to which metric: Leader, Follower, Observer. */
import type { ZabMeter } from '@zooid/core';
import type { ServerStats } from './server-stats.ts';

/** Adds what the core tells to the server's counters. */
export class MemberMeter implements ZabMeter {
  readonly #stats: ServerStats;

  constructor(stats: ServerStats) {
    this.#stats = stats;
  }

  onProposed(bytes: number): void {
    this.#stats.proposals += 1;
    this.#stats.proposalSizes.add(bytes);
  }

  onAck(server: number, latencyMs: number): void {
    if (latencyMs >= 0) this.#stats.ackLatency.add(server, latencyMs);
  }

  onQuorumAck(latencyMs: number): void {
    this.#stats.commits += 1;
    this.#stats.quorumAckLatency.add(latencyMs);
  }

  onRevalidated(): void {
    this.#stats.revalidations += 1;
  }

  onProposalReceived(latencyMs: number): void {
    this.#stats.proposalsReceived += 1;
    this.#stats.proposalLatency.add(latencyMs);
  }

  onCommitReceived(): void {
    this.#stats.commitsReceived += 1;
  }

  onApplied(latencyMs: number): void {
    this.#stats.propagationLatency.add(latencyMs);
  }
}
