// What makes a server a member of an ensemble. A part of `ServerConfig`, with the same rules.

import type { LocalSessionMode } from '@zooid/core';
import type { Membership, ServerRole } from '@zooid/protocol';

/** The election port, and the votes on it. */
export interface ElectionConfig {
  /** `cnxTimeout`. A connection that is not there after this long is given up. */
  readonly connectTimeoutMs: number;
  /** `quorumCnxnTimeoutMs`; `syncLimit` ticks unless set. Whoever connects must have said who it is by then. */
  readonly greetingTimeoutMs: number;
  /** `fastleader.minNotificationInterval`. A vote that nobody answers is sent again after this long; then it doubles. */
  readonly notificationIntervalMsMin: number;
  /** `fastleader.maxNotificationInterval`. Where the doubling ends. */
  readonly notificationIntervalMsMax: number;
  /** `electionPortBindRetry`. How often binding the port is tried; 0 is without end. */
  readonly bindAttemptCountMax: number;
}

/** A server while it leads. */
export interface LeaderConfig {
  /** `leaderServes`. False: the leader takes no clients. */
  readonly isServingClients: boolean;
  /** `leader.maxTimeToWaitForEpoch`. How long to wait for enough learners before electing again, at most `initLimitTicks`; undefined: that long. */
  readonly epochWaitMsMax: number | undefined;
  /** `commitLogCount`. Committed transactions kept in memory for learners that come back. At least 500. */
  readonly commitLogCount: number;
  /**
   * `snapshotSizeFactor`. The missed transactions are read from the log on disk while they are no longer than this share of a
   * snapshot. 0 to 1; undefined never reads them.
   */
  readonly logShareMax: number | undefined;
  /** `forceSnapshotSync`. Every learner is sent the whole state. */
  readonly isSnapshotForced: boolean;
}

/** Everything about the ensemble of which this server is a member. */
export interface EnsembleConfig {
  /** The number in the file `myid` of `dataDir`. */
  readonly serverId: number;
  /** `server.N`, `group.N`, `weight.N`. The version is that in the name of the dynamic file, or 0. */
  readonly membership: Membership;
  /** The file `<zoo.cfg>.dynamic.next`: a membership that was proposed, and perhaps never committed. */
  readonly lastSeenMembership: Membership | undefined;
  /** That of this server in `membership`; `peerType` is only compared. */
  readonly role: ServerRole;
  /** zoo.cfg, absolute; undefined when the configuration did not come from a file. */
  readonly staticFile: string | undefined;
  /** `dynamicConfigFile`, absolute; undefined while the server lines stand in zoo.cfg. */
  readonly dynamicFile: string | undefined;
  /** `standaloneEnabled`. True: a reconfiguration cannot leave less than two participants. */
  readonly isStandaloneAllowed: boolean;
  /** `initLimit`. For connecting to a leader and getting its state. */
  readonly initLimitTicks: number;
  /** `syncLimit`. For answering while following. */
  readonly syncLimitTicks: number;
  /** `connectToLearnerMasterLimit`. For connecting to a leader; undefined: 1.5 seconds, or `initLimit` if that is less. */
  readonly connectLimitTicks: number | undefined;
  /** `leaderConnectDelayDuringRetryMs`. Between two attempts to connect to a leader. */
  readonly connectRetryDelayMs: number;
  /** `quorumListenOnAllIPs`. The ports for other servers are bound to every address, not only to that of the line. */
  readonly isListeningOnAllAddresses: boolean;
  /** `readonlymode.enabled`. Without a quorum, clients that ask for it may read. */
  readonly isReadOnlyModeOn: boolean;
  /** `localSessionsEnabled`, `localSessionsUpgradingEnabled`. The second counts only with the first. */
  readonly localSessions: LocalSessionMode;
  /** `db.autocreate`. False: a server without data does not vote, unless the file `initialize` is in `dataDir`, which its first epoch removes. */
  readonly isEmptyDatabaseTrusted: boolean;
  readonly election: ElectionConfig;
  readonly leader: LeaderConfig;
}
