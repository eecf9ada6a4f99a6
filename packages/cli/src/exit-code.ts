/**
 * What the process says when it ends. The numbers are those of Apache's server, so that the scripts and units that
 * watch one can watch the other. Source: org.apache.zookeeper.server.ExitCode.
 */
export const ExitCode = {
  /** Stopped as asked. */
  finished: 0,
  unexpected: 1,
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
 * The exit code for an error that ended the server. An error may name it in `exitCode`; else its stable `code`
 * decides by its first word.
 */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof Error)) return ExitCode.unexpected;
  if ('exitCode' in error && isExitCode(error.exitCode)) return error.exitCode;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code.startsWith('DATA_DIR')) return ExitCode.dataDir;
  if (code.startsWith('ADMIN')) return ExitCode.adminServer;
  if (/^(LOG|SNAPSHOT|UNREADABLE)/.test(code)) return ExitCode.storage;
  return ExitCode.unexpected;
}

function isExitCode(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 126;
}
