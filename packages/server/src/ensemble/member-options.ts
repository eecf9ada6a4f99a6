import { EPOCH_TXN_COUNT_MAX, type MemberOptions } from '@zooid/core';
import type { EnsembleConfig } from '../config/ensemble-config.ts';

/** How long a leader that was elected may take to open its port, ms, unless it is configured. It has the election behind it: that is long. */
const CONNECT_MS_MAX = 1500;
/** How long a better vote is waited for, ms. Source: FastLeaderElection.finalizeWait. */
const FINALIZE_WAIT_MS = 200;

/** The core's part of what makes a server a member. @param snapshotBytes - size of the newest snapshot. */
export function memberOptionsOf(
  ensemble: EnsembleConfig,
  settings: {
    readonly tickTimeMs: number;
    readonly isReconfigOn: boolean;
    readonly isEmptyDatabaseTrusted: boolean;
  },
  snapshotBytes: () => number,
): MemberOptions {
  const { election, leader } = ensemble;
  const { tickTimeMs, isReconfigOn, isEmptyDatabaseTrusted } = settings;
  const { connectLimitTicks } = ensemble;
  const initLimitMs = ensemble.initLimitTicks * tickTimeMs;
  return {
    serverId: ensemble.serverId,
    tickTimeMs,
    initLimitMs,
    syncLimitMs: ensemble.syncLimitTicks * tickTimeMs,
    connectLimitMs:
      connectLimitTicks === undefined
        ? Math.min(CONNECT_MS_MAX, initLimitMs)
        : connectLimitTicks * tickTimeMs,
    epochWaitMsMax: leader.epochWaitMsMax,
    finalizeWaitMs: FINALIZE_WAIT_MS,
    notificationIntervalMsMin: election.notificationIntervalMsMin,
    notificationIntervalMsMax: election.notificationIntervalMsMax,
    epochTxnCountMax: EPOCH_TXN_COUNT_MAX,
    commitLogCount: leader.commitLogCount,
    logSyncBytesMax: () => Math.floor((leader.logShareMax ?? 0) * snapshotBytes()),
    isSnapshotForced: leader.isSnapshotForced,
    isLeaderServing: leader.isServingClients,
    isEmptyDatabaseTrusted,
    isReconfigOn,
    isStandaloneAllowed: ensemble.isStandaloneAllowed,
    isReadOnlyModeOn: ensemble.isReadOnlyModeOn,
    localSessions: ensemble.localSessions,
  };
}
