// What a command of the shell says when it cannot do what it was asked, in the words of Apache's shell.

import { ZooKeeperError } from '@zooid/client';
import { ErrorCode, errorSentence } from '@zooid/protocol';
import { ExitCode } from '../exit.ts';

/** Exit code for a command that does not exist. Source: CommandNotFoundException. */
export const NOT_FOUND_EXIT_CODE = 127;

/** What went wrong, for `--json`, unless the client says it: see the codes of its errors. */
export type ShellErrorCode =
  /** Words that the command cannot use. */
  | 'USAGE'
  /** What was asked for could not be done; the message says why. */
  | 'FAILED'
  | 'NOT_CONNECTED'
  | 'SESSION_EXPIRED'
  | 'CANCELLED'
  | 'NO_COMMAND';

/** Ends a command with a message for the standard error. */
export class ShellError extends Error {
  override readonly name: string = 'ShellError';
  readonly exitCode: number = ExitCode.failed;
  /** Stable: a {@link ShellErrorCode}, or the code of the client's error that was the reason. */
  readonly code: string;
  /** The znode that it is about. */
  readonly path: string | undefined;

  constructor(
    message: string,
    options: {
      readonly code?: ShellErrorCode | (string & {});
      readonly path?: string | undefined;
    } = {},
  ) {
    super(message);
    this.code = options.code ?? 'FAILED';
    this.path = options.path;
  }
}

/** Source: ZooKeeperMain.processZKCmd. */
export const NOT_CONNECTED = 'Not connected';

/** A command that needs a session, when there is none. */
export class NotConnectedError extends ShellError {
  override readonly name = 'NotConnectedError';

  /** @param stateName - as the prompt shows it. */
  constructor(stateName: string) {
    const hasExpired = stateName === 'EXPIRED';
    super(hasExpired ? 'The session has expired: "connect" begins a new one.' : NOT_CONNECTED, {
      code: hasExpired ? 'SESSION_EXPIRED' : 'NOT_CONNECTED',
    });
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

/** How the shell speaks of an error. */
export interface Explanation {
  readonly message: string;
  readonly exitCode: number;
  /** Stable: a code of the client's errors, or a {@link ShellErrorCode}. */
  readonly code: string;
  readonly path?: string | undefined;
}

/** What is printed for an error of a command, and its exit code; undefined for a bug. */
export function explain(error: unknown): Explanation | undefined {
  if (error instanceof ShellError) return error;
  if (ZooKeeperError.is(error)) {
    const { code, path } = error;
    return { message: messageOf(error), exitCode: ExitCode.failed, code, path };
  }
  if (error instanceof Error && error.name === 'AbortError')
    return { message: 'Cancelled', exitCode: ExitCode.failed, code: 'CANCELLED' };
  return undefined;
}
