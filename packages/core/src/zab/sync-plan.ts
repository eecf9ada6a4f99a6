/**
 * How a learner is brought to the leader's history: a pure decision.
 *
 *     learner's last zxid P, committed in memory min..max, leader's last committed zxid L (= max, unless memory holds none)
 *
 *     P = L                                     diff, and nothing in it
 *     P = 0                                     snap: an empty learner may not begin as the leader once began
 *     P begins an epoch (counter 0)             no transaction has that zxid: it says only that the learner took that epoch's history.
 *                                               If the leader's is of the same epoch or goes on from it: diff, or disk; else snap
 *     P > L                                     trunc to L: the learner logged what no quorum did
 *     min <= P <= L, P in memory                diff: what is above P
 *     min <= P <= L, P not in memory            trunc to the one below, if that and P are of one epoch, then what is above; else snap
 *     P < min                                   disk: diff from the log on disk, if it has P; else snap
 *
 * What is committed but not in memory never comes from anywhere but the log on disk (verified, contiguous) or a snapshot.
 *
 * Source: LearnerHandler.syncFollower, queueCommittedProposals.
 */

import type { CommittedLog } from './committed-log.ts';
import { counterOf, epochOf, firstZxidOf } from './zxid.ts';

export type SyncPlan =
  /** What the committed log has above `from` follows. */
  | { readonly kind: 'diff'; readonly from: number }
  /** The learner cuts its log back to `to`; what the committed log has above that follows. */
  | { readonly kind: 'trunc'; readonly to: number }
  /** What is above `from` may be in the log on disk; if it is not, `snap`. */
  | { readonly kind: 'disk'; readonly from: number }
  | { readonly kind: 'snap' };

/**
 * @param peerZxid - last zxid in the learner's log.
 * @param lastZxid - last committed zxid of the leader, L.
 * @param leaderEpochs - epochs of the leader's history: the one that it leads in, and the one before its election. A server that has taken
 *   the history of one of them lacks only what came later. Of other epochs only their transactions tell that they are part of the history.
 */
export function planSync(
  peerZxid: number,
  log: Pick<CommittedLog, 'minZxid' | 'floor'>,
  lastZxid: number,
  leaderEpochs: readonly number[],
): SyncPlan {
  if (peerZxid === lastZxid) return { kind: 'diff', from: peerZxid };
  if (peerZxid === 0) return { kind: 'snap' };
  const beginsEpoch = counterOf(peerZxid) === 0;
  if (beginsEpoch && !isPartOf(epochOf(peerZxid), log, leaderEpochs)) return { kind: 'snap' };
  if (peerZxid > lastZxid) {
    return beginsEpoch ? { kind: 'diff', from: lastZxid } : { kind: 'trunc', to: lastZxid };
  }
  const { minZxid } = log;
  if (minZxid === undefined || peerZxid < minZxid) return { kind: 'disk', from: peerZxid };
  const floor = log.floor(peerZxid)!;
  if (floor === peerZxid || beginsEpoch) return { kind: 'diff', from: peerZxid };
  return epochOf(floor) === epochOf(peerZxid) ? { kind: 'trunc', to: floor } : { kind: 'snap' };
}

/** Whether the leader's history goes on from that of this epoch. */
function isPartOf(
  epoch: number,
  log: Pick<CommittedLog, 'floor'>,
  leaderEpochs: readonly number[],
): boolean {
  if (leaderEpochs.includes(epoch)) return true;
  const last = log.floor(firstZxidOf(epoch + 1) - 1);
  return last !== undefined && epochOf(last) === epoch;
}
