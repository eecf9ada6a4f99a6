// How a command ends: the exit codes, and the error that stands for an end with a reason.

/**
 * What the process says when it ends. Every command uses the first three; the others are those of Apache's server, so
 * that the scripts and units that watch one can watch the other. Source: org.apache.zookeeper.server.ExitCode.
 */
export const ExitCode = {
  /** Done; for a server: stopped as asked. */
  finished: 0,
  /** What was asked for could not be done, wholly or in part. */
  failed: 1,
  /** The arguments or the configuration are wrong; nothing was touched. */
  badInvocation: 2,
  /** A data directory cannot be used. */
  dataDir: 3,
  /** The admin server could not listen. */
  adminServer: 4,
  /** The log or a snapshot could not be written, or is damaged. */
  storage: 10,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/**
 * Ends a command with a message for its user: what is wrong, and a remedy if there is one. The program prints both on
 * the standard error. For everything that the user, the machine or another server can cause.
 */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number;
  /** What to do about it: a sentence, or undefined. */
  readonly remedy: string | undefined;

  constructor(
    message: string,
    options: {
      /** `failed` unless given. */
      readonly exitCode?: number;
      readonly remedy?: string;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.exitCode = options.exitCode ?? ExitCode.failed;
    this.remedy = options.remedy;
  }
}

/** An error of the system, such as ENOENT or ECONNREFUSED: an answer, not a bug. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}

/**
 * The exit code for an error that ended the server. An error may name it in `exitCode`; else its stable `code`
 * decides by its first word.
 */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof Error)) return ExitCode.failed;
  if ('exitCode' in error && isExitCode(error.exitCode)) return error.exitCode;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code.startsWith('DATA_DIR')) return ExitCode.dataDir;
  if (code.startsWith('ADMIN')) return ExitCode.adminServer;
  if (/^(LOG|SNAPSHOT|UNREADABLE)/.test(code)) return ExitCode.storage;
  return ExitCode.failed;
}

function isExitCode(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 126;
}
