/** Why a data directory cannot be opened. */
export type DataDirProblem =
  | 'DATA_DIR_MISSING'
  /** It is not a ZooKeeper server's. */
  | 'DATA_DIR_FOREIGN'
  /** Logs where snapshots belong, or the other way round. */
  | 'DATA_DIR_SWAPPED'
  /** Another server has it open. */
  | 'DATA_DIR_LOCKED'
  /** It, or a file in it, cannot be read, written or understood. */
  | 'DATA_DIR_UNUSABLE';

/** The data directory cannot be opened; nothing in it was changed. The message names path and remedy. */
export class DataDirError extends Error {
  readonly code: DataDirProblem;
  readonly path: string;
  /** What an operator can do. */
  readonly remedy: string;

  constructor(code: DataDirProblem, path: string, what: string, remedy: string, cause?: unknown) {
    super(`${path}: ${what}. ${remedy}`, cause === undefined ? undefined : { cause });
    this.name = 'DataDirError';
    this.code = code;
    this.path = path;
    this.remedy = remedy;
  }
}
