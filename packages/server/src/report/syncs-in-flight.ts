import { PercentileSummary } from './summary.ts';

/** How many learners are brought up at the same time, by snapshots and by differences. Source: LearnerHandler, LearnerSyncThrottler. */
export class SyncsInFlight {
  readonly snapshots: PercentileSummary = new PercentileSummary();
  readonly differences: PercentileSummary = new PercentileSummary();
  readonly #snapshotsFor = new Set<number>();
  readonly #differencesFor = new Set<number>();

  begin(server: number, plan: 'diff' | 'trunc' | 'snap'): void {
    this.#forget(server);
    const servers = plan === 'snap' ? this.#snapshotsFor : this.#differencesFor;
    servers.add(server);
    (plan === 'snap' ? this.snapshots : this.differences).add(servers.size);
  }

  /** It is up to date, or gone. */
  end(server: number): void {
    if (this.#snapshotsFor.has(server)) this.snapshots.add(this.#snapshotsFor.size - 1);
    if (this.#differencesFor.has(server)) this.differences.add(this.#differencesFor.size - 1);
    this.#forget(server);
  }

  /** This server leads no longer. */
  endAll(): void {
    this.#snapshotsFor.clear();
    this.#differencesFor.clear();
  }

  /** What is counted; syncs go on. */
  reset(): void {
    this.snapshots.reset();
    this.differences.reset();
  }

  #forget(server: number): void {
    this.#snapshotsFor.delete(server);
    this.#differencesFor.delete(server);
  }
}
