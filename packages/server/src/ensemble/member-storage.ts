import type { NewState, SavedEpochs } from '@zooid/core';

/** What a member of an ensemble needs of its storage, besides what every server does. */
export interface MemberStorage {
  /** As they are on disk. To be asked when the state is restored. @throws RecoveryError when they cannot be those of the log. */
  readonly epochs: SavedEpochs;
  /** Durable when it returns. @throws what the system says. */
  saveAcceptedEpoch(epoch: number): void;
  saveCurrentEpoch(epoch: number): void;
  /** Cuts the log back so that `zxid` is its last record, and loads the core anew. @throws when that cannot be done. */
  truncate(zxid: number): Promise<void>;
  /** Makes `state` the one on disk and in the core. @throws when that cannot be done. */
  installState(state: NewState): Promise<void>;
  /**
   * The transactions after `afterZxid` up to `lastZxid`, from the log on disk.
   *
   * @returns undefined when it does not have all of them, or they are more than `bytesMax`.
   */
  readTxns(
    afterZxid: number,
    lastZxid: number,
    bytesMax: number,
  ): Promise<readonly Uint8Array[] | undefined>;
}
