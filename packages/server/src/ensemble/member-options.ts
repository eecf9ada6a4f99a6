import type { MemberOptions } from '@zooid/core';
import type { EnsembleConfig } from '../config/ensemble-config.ts';

/** How long a better vote is waited for, ms. Source: FastLeaderElection.finalizeWait. */
const FINALIZE_WAIT_MS = 200;

/** The core's part of what makes a server a member. @param snapshotBytes - size of the newest snapshot. */
export function memberOptionsOf(
  ensemble: EnsembleConfig,
  settings: { readonly tickTimeMs: number; readonly isReconfigOn: boolean },
  snapshotBytes: () => number,
): MemberOptions {
  const { election, leader } = ensemble;
  const { tickTimeMs, isReconfigOn } = settings;
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
    isReconfigOn,
    isStandaloneAllowed: ensemble.isStandaloneAllowed,
    isReadOnlyModeOn: ensemble.isReadOnlyModeOn,
  };
}
