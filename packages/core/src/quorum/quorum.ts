/**
 * Which sets of servers may decide for all: any two of them have a server in common.
 *
 * Source: QuorumMaj, QuorumHierarchical.
 */

/** A server's number in the ensemble, `myid`: 1 to 255 by custom, any non-negative integer by the format. */
export type ServerId = number;

export interface Quorum {
  /** Servers that have a say, observers not among them. */
  readonly voters: ReadonlySet<ServerId>;
  /** Whether these servers are enough. Those that have no say do not count. */
  isReachedBy(servers: ReadonlySet<ServerId>): boolean;
  /** How much a server's say counts; one without any is never elected. */
  weightOf(server: ServerId): number;
}

/** More than half of the voters. */
export class MajorityQuorum implements Quorum {
  readonly voters: ReadonlySet<ServerId>;

  constructor(voters: Iterable<ServerId>) {
    this.voters = new Set(voters);
  }

  isReachedBy(servers: ReadonlySet<ServerId>): boolean {
    let count = 0;
    for (const voter of this.voters) if (servers.has(voter)) count++;
    return count > this.voters.size / 2;
  }

  weightOf(server: ServerId): number {
    return this.voters.has(server) ? 1 : 0;
  }
}

/** Servers that count together, as `group.N=1:2:3` says. */
export interface QuorumGroup {
  readonly members: readonly ServerId[];
}

/**
 * More than half of the weight in more than half of the groups. Groups without any weight do not count.
 */
export class GroupQuorum implements Quorum {
  readonly voters: ReadonlySet<ServerId>;
  readonly #groups: readonly { readonly members: readonly ServerId[]; readonly weight: number }[];
  readonly #weights: ReadonlyMap<ServerId, number>;

  /**
   * @param groups - each voter in exactly one.
   * @param weights - of servers whose say does not count 1.
   */
  constructor(groups: readonly QuorumGroup[], weights: ReadonlyMap<ServerId, number> = new Map()) {
    const members = groups.flatMap((group) => group.members);
    this.voters = new Set(members);
    if (this.voters.size !== members.length) throw new RangeError('a server is in two groups');
    this.#weights = weights;
    this.#groups = groups
      .map((group) => ({ members: group.members, weight: this.#sum(group.members) }))
      .filter(({ weight }) => weight > 0);
  }

  isReachedBy(servers: ReadonlySet<ServerId>): boolean {
    let reached = 0;
    for (const { members, weight } of this.#groups) {
      const present = members.filter((member) => servers.has(member));
      if (this.#sum(present) > weight / 2) reached++;
    }
    return reached > this.#groups.length / 2;
  }

  weightOf(server: ServerId): number {
    return this.voters.has(server) ? (this.#weights.get(server) ?? 1) : 0;
  }

  #sum(members: readonly ServerId[]): number {
    return members.reduce((sum, member) => sum + this.weightOf(member), 0);
  }
}
