import type { ServerId } from '../quorum/quorum.ts';
import type { LocalSessionMode } from '../request/local-session-submitter.ts';

/**
 * The counter of a zxid has 32 bits. Short of the end a new epoch begins: before it by more than one turn can bring, when many clients
 * write at once or all sessions expire together. Source: ZOOKEEPER-1277.
 */
export const EPOCH_TXN_COUNT_MAX = 0xff00_0000;

/** What the configuration of the ensemble says to the core. Times are milliseconds. */
export interface MemberOptions {
  readonly serverId: ServerId;
  readonly tickTimeMs: number;
  /** `initLimit` ticks: a handshake that takes longer has failed. */
  readonly initLimitMs: number;
  /** `syncLimit` ticks: a server that is silent for longer is gone. */
  readonly syncLimitMs: number;
  /** `connectToLearnerMasterLimit` ticks: for connecting to a leader that was elected. */
  readonly connectLimitMs: number;
  /** `leader.maxTimeToWaitForEpoch`: for a quorum to come to this server after its election; at most {@link initLimitMs} in any case. */
  readonly epochWaitMsMax: number | undefined;
  /** `fastleader.finalizeWait`, 200 in Apache's. */
  readonly finalizeWaitMs: number;
  /** `fastleader.minNotificationInterval` and `maxNotificationInterval`. */
  readonly notificationIntervalMsMin: number;
  readonly notificationIntervalMsMax: number;
  /** `commitLogCount`: transactions kept in memory for learners that come back. */
  readonly commitLogCount: number;
  /** Transactions of an epoch. A leader that has given out so many ends its role, and another epoch begins: {@link EPOCH_TXN_COUNT_MAX}. */
  readonly epochTxnCountMax: number;
  /** `snapshotSizeFactor` of the size of a snapshot, in bytes: what a learner may lack and still get from the log on disk; 0 for nothing. */
  readonly logSyncBytesMax: () => number;
  /** `forceSnapshotSync`: every learner is sent the whole state. */
  readonly isSnapshotForced: boolean;
  /** `leaderServes`: this server takes clients while it leads. */
  readonly isLeaderServing: boolean;
  /** `db.autocreate`, or the file `initialize` is there. False: without any history this server does not vote. */
  readonly isEmptyDatabaseTrusted: boolean;
  /** `reconfigEnabled`: the configuration may change while the ensemble runs. */
  readonly isReconfigOn: boolean;
  /** `standaloneEnabled`: an ensemble cannot shrink to one server. */
  readonly isStandaloneAllowed: boolean;
  /** `readonlymode.enabled`: without a leader, clients that want no more may read. */
  readonly isReadOnlyModeOn: boolean;
  /** `localSessionsEnabled`, `localSessionsUpgradingEnabled`. */
  readonly localSessions: LocalSessionMode;
}
