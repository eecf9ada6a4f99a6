import type { ServerId } from '../quorum/quorum.ts';

/** Whom a server wants to lead, and why. */
export interface Vote {
  readonly leader: ServerId;
  /** The last zxid in that server's log. */
  readonly zxid: number;
  /** The epoch of that server's history (`currentEpoch`). */
  readonly peerEpoch: number;
}

/**
 * Whether `vote` is for a server whose history goes further, or, of equal histories, for the larger id.
 *
 * A total order: all who know the same votes choose the same one. Source: FastLeaderElection.totalOrderPredicate, which asks the
 * weight besides; here the caller does.
 */
export function isBetter(vote: Vote, than: Vote): boolean {
  if (vote.peerEpoch !== than.peerEpoch) return vote.peerEpoch > than.peerEpoch;
  if (vote.zxid !== than.zxid) return vote.zxid > than.zxid;
  return vote.leader > than.leader;
}

/** Whether two votes of one round are the same. */
export function isSameVote(a: Vote, b: Vote): boolean {
  return a.leader === b.leader && a.zxid === b.zxid && a.peerEpoch === b.peerEpoch;
}
