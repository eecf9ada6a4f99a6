import { PercentileSummary } from './summary.ts';

/** How long this member was without service, and with what. Source: QuorumPeer.setZabState, Follower.followLeader, Observer.observeLeader. */
export class ServiceTimes {
  readonly electionMs: PercentileSummary = new PercentileSummary();
  /** From the start of an election until this server serves. */
  readonly unavailableMs: PercentileSummary = new PercentileSummary();
  readonly leaderUnavailableMs: PercentileSummary = new PercentileSummary();
  readonly followerSyncMs: PercentileSummary = new PercentileSummary();
  readonly observerSyncMs: PercentileSummary = new PercentileSummary();
  #lastElectionMs = 0;

  onElected(durationMs: number): void {
    this.electionMs.add(durationMs);
    this.#lastElectionMs = durationMs;
  }

  /** @param durationMs - since the election began. */
  onServing(role: 'leading' | 'following' | 'observing', durationMs: number): void {
    this.unavailableMs.add(durationMs);
    const syncMs = durationMs - this.#lastElectionMs;
    if (role === 'leading') this.leaderUnavailableMs.add(durationMs);
    else if (role === 'following') this.followerSyncMs.add(syncMs);
    else this.observerSyncMs.add(syncMs);
  }

  reset(): void {
    this.electionMs.reset();
    this.unavailableMs.reset();
    this.leaderUnavailableMs.reset();
    this.followerSyncMs.reset();
    this.observerSyncMs.reset();
  }
}
