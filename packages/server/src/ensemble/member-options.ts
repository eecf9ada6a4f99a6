import { type MemberConfig, type MemberOptions, quorumOf } from '@zooid/core';
import { encodeUtf8, formatMembership } from '@zooid/protocol';
import type { EnsembleConfig } from '../config/ensemble-config.ts';

/** How long a better vote is waited for, ms. Source: FastLeaderElection.finalizeWait. */
const FINALIZE_WAIT_MS = 200;

/** The core's part of what makes a server a member. @param snapshotBytes - size of the newest snapshot. */
export function memberOptionsOf(
  ensemble: EnsembleConfig,
  tickTimeMs: number,
  snapshotBytes: () => number,
): MemberOptions {
  const { election, leader } = ensemble;
  return {
    serverId: ensemble.serverId,
    tickTimeMs,
    initLimitMs: ensemble.initLimitTicks * tickTimeMs,
    syncLimitMs: ensemble.syncLimitTicks * tickTimeMs,
    finalizeWaitMs: FINALIZE_WAIT_MS,
    notificationIntervalMsMin: election.notificationIntervalMsMin,
    notificationIntervalMsMax: election.notificationIntervalMsMax,
    commitLogCount: leader.commitLogCount,
    logSyncBytesMax: () => Math.floor((leader.logShareMax ?? 0) * snapshotBytes()),
  };
}

/** The configuration that a member begins with. */
export function memberConfigOf(ensemble: EnsembleConfig): MemberConfig {
  const { membership } = ensemble;
  return {
    quorums: [quorumOf(membership)],
    version: membership.version,
    text: encodeUtf8(formatMembership(membership)),
  };
}
