import type { ServerId } from '../quorum/quorum.ts';

/**
 * What the roles of a member count. Called for every proposal: an implementation adds to numbers, and nothing else.
 * Latencies, but those of {@link ZabMeter.onAck}, are milliseconds since the wall clock in the header of the transaction, so between machines they are as exact as their clocks.
 */
export interface ZabMeter {
  /** A leader proposes a transaction of so many bytes, header and digest included. */
  onProposed(bytes: number): void;
  /** A leader hears that a server, itself perhaps, has something on disk. @param latencyMs - since it was sent, of one proposal at a time; else -1. */
  onAck(server: ServerId, latencyMs: number): void;
  /** A leader finds that a quorum has it, and commits. */
  onQuorumAck(latencyMs: number): void;
  /** A leader is asked whether a session is alive that comes to a learner. */
  onRevalidated(): void;
  /** A follower hears of a transaction. */
  onProposalReceived(latencyMs: number): void;
  /** A learner hears that a transaction is committed. */
  onCommitReceived(): void;
  /** Committed, durable and applied here, whatever the role. */
  onApplied(latencyMs: number): void;
}

/** Counts nothing. */
export const noZabMeter: ZabMeter = {
  onProposed: () => {},
  onAck: () => {},
  onQuorumAck: () => {},
  onRevalidated: () => {},
  onProposalReceived: () => {},
  onCommitReceived: () => {},
  onApplied: () => {},
};
