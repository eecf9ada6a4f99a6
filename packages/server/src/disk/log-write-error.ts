/**
 * The transaction log could not be written. Fatal for the log and so for the server: after a failed
 * write or sync nobody knows what is on the disk, and a second try can "succeed" without having stored
 * anything. Whatever was reported as synced before is safe.
 */
export class LogWriteError extends Error {
  readonly code: 'LOG_WRITE_FAILED' | 'LOG_FILE_EXISTS';
  /** The log file. */
  readonly file: string;
  /** Where in the file the group of records was to begin. */
  readonly offset: number;
  /** What an operator can do. */
  readonly remedy: string;

  constructor(file: string, offset: number, cause: Error) {
    const systemCode = (cause as NodeJS.ErrnoException).code;
    const remedy = remedyFor(systemCode);
    super(
      `cannot write the transaction log ${file} at offset ${offset}: ${cause.message}. ${remedy}`,
      {
        cause,
      },
    );
    this.name = 'LogWriteError';
    this.code = systemCode === 'EEXIST' ? 'LOG_FILE_EXISTS' : 'LOG_WRITE_FAILED';
    this.file = file;
    this.offset = offset;
    this.remedy = remedy;
  }
}

const SAFE = 'No acknowledged write is lost.';

function remedyFor(systemCode: string | undefined): string {
  switch (systemCode) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return `Free space on the disk of dataLogDir (old snapshots and logs can be purged), then start the server again. ${SAFE}`;
    case 'EEXIST':
      return `The file appeared while the server ran: make sure that no other server uses this directory, then start again. ${SAFE}`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `Make dataLogDir writable for this server, then start it again. ${SAFE}`;
    default:
      return `Check the disk of dataLogDir and the system's log, then start the server again. ${SAFE}`;
  }
}
