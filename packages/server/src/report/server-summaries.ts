import { PercentileSummary, type Summary } from './summary.ts';

/** Ids are single bytes in a session id; so many servers are told apart at most. */
const SERVERS_MAX = 256;

/** One summary for each other server that something is measured of. */
export class ServerSummaries {
  readonly #byServer = new Map<number, PercentileSummary>();

  /** Counts one value. */
  add(server: number, value: number): void {
    const known = this.#byServer.get(server);
    if (known !== undefined) known.add(value);
    else if (this.#byServer.size < SERVERS_MAX) {
      const summary = new PercentileSummary();
      summary.add(value);
      this.#byServer.set(server, summary);
    }
  }

  *entries(): Generator<readonly [key: string, summary: Summary]> {
    for (const [server, summary] of this.#byServer) yield [String(server), summary];
  }

  reset(): void {
    this.#byServer.clear();
  }
}
