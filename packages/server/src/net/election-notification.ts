/** Votes as the election has them, with numbers, and as the wire has them, with longs. */

import type { OwnNotification, PeerNotification, ServerId } from '@zooid/core';
import { isServerState, NO_VOTE, NOTIFICATION_VERSION, type Notification } from '@zooid/protocol';

/**
 * What a server tells, for the wire. Source: FastLeaderElection.sendNotifications, getInitId and its like for those who cannot vote.
 *
 * @param config - text of the configuration that it knows.
 */
export function toWireNotification(own: OwnNotification, config: Uint8Array): Notification {
  const { vote, state, round } = own;
  return {
    state,
    leader: vote === undefined ? NO_VOTE : BigInt(vote.leader),
    zxid: vote === undefined ? NO_VOTE : BigInt(vote.zxid),
    electionEpoch: BigInt(round),
    peerEpoch: vote === undefined ? NO_VOTE : BigInt(vote.peerEpoch),
    version: NOTIFICATION_VERSION,
    config,
  };
}

/**
 * What a server was told. Of one that has no vote every number is -2^63, which no server has.
 *
 * @returns undefined when it tells a state that nobody knows, or a number that cannot be exact here: it is of no use, then.
 */
export function tryFromWireNotification(
  from: ServerId,
  notification: Notification,
): PeerNotification | undefined {
  const { state } = notification;
  const leader = exact(notification.leader);
  const zxid = exact(notification.zxid);
  const round = exact(notification.electionEpoch);
  const peerEpoch = exact(notification.peerEpoch);
  if (!isServerState(state) || Number.isNaN(leader + zxid + round + peerEpoch)) return undefined;
  return { from, state, leader, zxid, round, peerEpoch };
}

/** NaN when it is not exact. */
function exact(value: bigint): number {
  const number = Number(value);
  return Number.isSafeInteger(number) || value === NO_VOTE ? number : Number.NaN;
}
