/** What stands in the way of starting from a data directory. */
export type RecoveryProblem =
  /** A record is damaged in a way that no interrupted write leaves. */
  | 'LOG_DAMAGED'
  /** Records are missing between two that are there. */
  | 'LOG_GAP'
  /** The log ends before the zxid that a damaged snapshot proves to have been reached. */
  | 'LOG_TOO_SHORT'
  /** A file has the name of a log and something else in it. */
  | 'LOG_FOREIGN'
  /** There are logs and no snapshot at all. */
  | 'SNAPSHOT_MISSING'
  /** There are snapshots and none of them is whole. */
  | 'SNAPSHOT_DAMAGED'
  /** The epoch files are behind the log, or behind each other. */
  | 'EPOCH_BEHIND'
  /** An epoch file does not hold an epoch. */
  | 'EPOCH_UNREADABLE'
  /** The disk did not let itself be read. */
  | 'UNREADABLE';

/**
 * The data directory cannot be trusted: the server must not start from it. Nothing was changed on disk.
 * The message names file, offset and remedy.
 */
export class RecoveryError extends Error {
  readonly code: RecoveryProblem;
  readonly file: string;
  /** Where in the file the trouble begins; 0 when it is the whole file. */
  readonly offset: number;
  /** What an operator can do. */
  readonly remedy: string;

  constructor(
    code: RecoveryProblem,
    file: string,
    offset: number,
    what: string,
    remedy: string,
    cause?: unknown,
  ) {
    super(
      `${file}, offset ${offset}: ${what}. ${remedy}`,
      cause === undefined ? undefined : { cause },
    );
    this.name = 'RecoveryError';
    this.code = code;
    this.file = file;
    this.offset = offset;
    this.remedy = remedy;
  }
}
