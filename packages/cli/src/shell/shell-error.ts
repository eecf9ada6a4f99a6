// What a command of the shell says when it cannot do what it was asked, in the words of Apache's shell.

import { ZooKeeperError } from '@zooid/client';
import { ErrorCode, errorSentence } from '@zooid/protocol';
import { ExitCode } from '../exit.ts';

/** Exit code for a command that does not exist. Source: CommandNotFoundException. */
export const NOT_FOUND_EXIT_CODE = 127;

/** Ends a command with a message for the standard error. */
export class ShellError extends Error {
  override readonly name = 'ShellError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = ExitCode.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Source: CliWrapperException.getMessage; also the blanks before some colons are Apache's. */
const phrases: ReadonlyMap<string, string> = new Map([
  ['NO_NODE', 'Node does not exist: '],
  ['NO_CHILDREN_FOR_EPHEMERALS', 'Ephemerals cannot have children: '],
  ['NODE_EXISTS', 'Node already exists: '],
  ['NOT_EMPTY', 'Node not empty: '],
  ['NOT_READ_ONLY', 'Not a read-only call: '],
  ['INVALID_ACL', 'Acl is not valid : '],
  ['NO_AUTH', 'Insufficient permission : '],
  ['BAD_ARGUMENTS', 'Arguments are not valid : '],
  ['BAD_VERSION', 'version No is not valid : '],
  ['QUOTA_EXCEEDED', 'Quota has exceeded : '],
]);

/** Source: KeeperException.getCodeMessage. */
const names: ReadonlyMap<string, string> = new Map([
  ['CONNECTION_LOSS', 'ConnectionLoss'],
  ['OPERATION_TIMEOUT', 'OperationTimeout'],
  ['UNIMPLEMENTED', 'Unimplemented'],
  ['SESSION_EXPIRED', 'Session expired'],
  ['CLOSED', 'Session closed'],
  ['AUTH_FAILED', 'AuthFailed'],
  ['NO_WATCHER', 'No such watcher'],
  ['THROTTLED', 'Op throttled due to high load'],
]);

const reconfigMessages: readonly (readonly [code: number, message: string])[] = [
  [
    ErrorCode.reconfigInProgress,
    'Another reconfiguration is in progress -- concurrent reconfigs not supported (yet)',
  ],
  [
    ErrorCode.newConfigNoQuorum,
    'No quorum of new config is connected and up-to-date with the leader of last commmitted config - try invoking reconfiguration after new servers are connected and synced',
  ],
  [ErrorCode.reconfigDisabled, 'KeeperErrorCode = Reconfig is disabled'],
];

/** The message of an error of the client, as Apache's shell prints it. */
export function messageOf(error: ZooKeeperError): string {
  const { code, path } = error;
  const phrase = phrases.get(code);
  if (phrase !== undefined) return phrase + (path ?? '');
  const name = names.get(code);
  if (name !== undefined)
    return `KeeperErrorCode = ${name}${path === undefined ? '' : ` for ${path}`}`;
  if (code !== 'RECONFIG_REFUSED') return error.message;
  const message = reconfigMessages.find(([errorCode]) =>
    error.message.toLowerCase().includes(errorSentence(errorCode).replace(/\.$/, '').toLowerCase()),
  );
  return message?.[1] ?? error.message;
}

/** What is printed for an error of a command, and its exit code; undefined for a bug. */
export function explain(error: unknown): { message: string; exitCode: number } | undefined {
  if (error instanceof ShellError) return error;
  if (ZooKeeperError.is(error)) return { message: messageOf(error), exitCode: ExitCode.failed };
  if (error instanceof Error && error.name === 'AbortError')
    return { message: 'Cancelled', exitCode: ExitCode.failed };
  return undefined;
}
