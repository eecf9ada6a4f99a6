import type { Quorum, ServerId } from '../quorum/quorum.ts';

/** What the configuration of the ensemble says to the core. Times are milliseconds. */
export interface MemberOptions {
  readonly serverId: ServerId;
  readonly tickTimeMs: number;
  /** `initLimit` ticks: a handshake that takes longer has failed. */
  readonly initLimitMs: number;
  /** `syncLimit` ticks: a server that is silent for longer is gone. */
  readonly syncLimitMs: number;
  /** `fastleader.finalizeWait`, 200 in Apache's. */
  readonly finalizeWaitMs: number;
  /** `fastleader.minNotificationInterval` and `maxNotificationInterval`. */
  readonly notificationIntervalMsMin: number;
  readonly notificationIntervalMsMax: number;
  /** `commitLogCount`: transactions kept in memory for learners that come back. */
  readonly commitLogCount: number;
  /** `snapshotSizeFactor` of the size of a snapshot, in bytes: what a learner may lack and still get from the log on disk; 0 for nothing. */
  readonly logSyncBytesMax: () => number;
}

/** Who belongs to the ensemble, as the configuration in force has it. */
export interface MemberConfig {
  /** Who decides: of the configuration in force and, while it is being changed, of the next one as well. */
  readonly quorums: readonly Quorum[];
  /** Zxid of the reconfiguration that it comes from; 0 for one from a file. */
  readonly version: number;
  /** Its text, as `/zookeeper/config` has it. */
  readonly text: Uint8Array;
}
