/**
 * What can go wrong, one class for each situation that a caller would treat differently.
 *
 * Every error says which situation it is (`code`), where (`operation`, `path`), whether the request may have been
 * carried out all the same (`outcome`), and which of ZooKeeper's three kinds it is (`kind`).
 */

import { ErrorCode, errorName, errorSentence } from '@zooid/protocol';

/**
 * Whether the request may have changed the tree.
 *
 * - `not-applied`: it did not and will not.
 * - `unknown`: it was sent, and no answer came. Look before trying again.
 */
export type Outcome = 'not-applied' | 'unknown';

/**
 * ZooKeeper's three kinds of errors.
 *
 * - `state`: an answer about the tree (no such znode, another version): decide, the session is well.
 * - `recoverable`: the connection failed or the call took too long; the session may go on.
 * - `unrecoverable`: the session has ended, or will never be authenticated: a new one is needed.
 */
export type ErrorKind = 'state' | 'recoverable' | 'unrecoverable';

/** Where an error happened. */
export interface ErrorFacts {
  /** The method that was called: `create`, `get`, `transaction`, ... */
  readonly operation: string;
  /** The path as the caller gave it; undefined where there is none. */
  readonly path?: string | undefined;
  /** `not-applied` unless given. */
  readonly outcome?: Outcome | undefined;
  readonly cause?: unknown;
  /** One sentence in place of the usual one, without operation and path. */
  readonly sentence?: string | undefined;
}

/** Marks errors of every copy of this package, so that {@link ZooKeeperError.is} knows them all. */
const brand: symbol = Symbol.for('@zooid/client.ZooKeeperError');

/** The base of every error that an operation of the client rejects with. */
export class ZooKeeperError extends Error {
  /** Stable name of the situation: `NO_NODE`, `CONNECTION_LOSS`, ... */
  readonly code: string;
  readonly kind: ErrorKind;
  readonly operation: string;
  readonly path: string | undefined;
  readonly outcome: Outcome;

  constructor(code: string, kind: ErrorKind, usualSentence: string, facts: ErrorFacts) {
    const { operation, path, outcome = 'not-applied', cause, sentence = usualSentence } = facts;
    super(
      `${operation}${path === undefined ? '' : ` ${path}`}: ${sentence}`,
      cause === undefined ? undefined : { cause },
    );
    this.code = code;
    this.kind = kind;
    this.operation = operation;
    this.path = path;
    this.outcome = outcome;
    this.name = new.target.name;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Whether `value` is an error of this client, be it of another copy of the package. */
  static is(value: unknown): value is ZooKeeperError {
    return typeof value === 'object' && value !== null && brand in value;
  }
}

/** The znode, or the parent of a new one, does not exist. */
export class NoNodeError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('NO_NODE', 'state', 'the znode or its parent does not exist', facts);
  }
}

/** A znode of this path exists already. */
export class NodeExistsError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('NODE_EXISTS', 'state', 'the znode exists already', facts);
  }
}

/** The znode has another version than the one that was expected: somebody changed it. */
export class BadVersionError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('BAD_VERSION', 'state', 'the znode has another version than the one expected', facts);
  }
}

/** A znode to be deleted has children. */
export class NotEmptyError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('NOT_EMPTY', 'state', 'the znode has children', facts);
  }
}

/** The parent of a new znode is ephemeral. */
export class NoChildrenForEphemeralsError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super(
      'NO_CHILDREN_FOR_EPHEMERALS',
      'state',
      'the parent is ephemeral and cannot have children',
      facts,
    );
  }
}

/** The ACL does not allow this to any identity of the connection. */
export class NoAuthError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('NO_AUTH', 'state', 'the ACL does not allow this', facts);
  }
}

/** The ACL is empty, or holds an entry that is not valid. */
export class InvalidAclError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('INVALID_ACL', 'state', 'the ACL is empty or holds an entry that is not valid', facts);
  }
}

/** A path, mode, TTL, version or other argument is not allowed: found here or by the server. */
export class BadArgumentsError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('BAD_ARGUMENTS', 'state', 'an argument is not allowed', facts);
  }
}

/** The quota of a subtree does not allow this. */
export class QuotaExceededError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('QUOTA_EXCEEDED', 'state', 'the quota of the subtree does not allow this', facts);
  }
}

/** A watch to check or to remove does not exist. */
export class NoWatcherError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('NO_WATCHER', 'state', 'there is no such watch', facts);
  }
}

/** A write reached a server in read-only mode. */
export class NotReadOnlyError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('NOT_READ_ONLY', 'state', 'the server is read-only for now', facts);
  }
}

/** A local session cannot own ephemeral znodes. */
export class EphemeralOnLocalSessionError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super(
      'EPHEMERAL_ON_LOCAL_SESSION',
      'state',
      'a local session cannot own ephemeral znodes',
      facts,
    );
  }
}

/** The server does not know this operation, or it is not switched on. */
export class UnimplementedError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('UNIMPLEMENTED', 'state', 'the server does not know or allow this operation', facts);
  }
}

/** A reconfiguration was refused: another one runs, no quorum of the new one is there, or it is switched off. */
export class ReconfigError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('RECONFIG_REFUSED', 'state', 'the reconfiguration was refused', facts);
  }
}

/** The server is overloaded and did not carry the request out. */
export class ThrottledError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('THROTTLED', 'recoverable', 'the server is overloaded and refused the request', facts);
  }
}

/** The request is longer than a server takes; it was not sent. */
export class RequestTooLargeError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('REQUEST_TOO_LARGE', 'state', 'the request is too large', facts);
  }
}

/** More calls are waiting than `maxPending` allows; this one was not sent. */
export class TooManyPendingError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('TOO_MANY_PENDING', 'recoverable', 'too many calls are waiting', facts);
  }
}

/** The server failed in a way that it gives no better name for. */
export class ServerError extends ZooKeeperError {
  /** The number that the server sent. */
  readonly errorCode: number;

  constructor(errorCode: number, facts: ErrorFacts) {
    super('SERVER_ERROR', 'state', `the server answered ${errorName(errorCode)}`, facts);
    this.errorCode = errorCode;
  }
}

/**
 * One operation of a transaction failed, so none was carried out.
 *
 * `cause` is that operation's own error.
 */
export class TransactionError extends ZooKeeperError {
  /** Which operation failed, from 0. */
  readonly index: number;

  constructor(index: number, cause: ZooKeeperError) {
    super(cause.code, 'state', '', {
      operation: 'transaction',
      path: cause.path,
      cause,
      sentence: `operation ${index} (${cause.message}) failed, nothing was changed`,
    });
    this.index = index;
  }
}

/** The connection was lost before the answer came. The session may go on. */
export class ConnectionLossError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super(
      'CONNECTION_LOSS',
      'recoverable',
      facts.outcome === 'unknown'
        ? 'the connection was lost; whether it was carried out is not known'
        : 'the connection was lost',
      facts,
    );
  }
}

/** The call took longer than its `timeoutMs`. */
export class OperationTimeoutError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('OPERATION_TIMEOUT', 'recoverable', 'no answer came in time', facts);
  }
}

/** No session could be begun in time. `cause` is what the last attempt failed of. */
export class ConnectTimeoutError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('CONNECT_TIMEOUT', 'recoverable', 'no server gave a session in time', facts);
  }
}

/** The server sent what is not the protocol; the connection was closed. `cause` says what it was. */
export class ProtocolError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('PROTOCOL', 'recoverable', 'the server sent what is not the protocol', facts);
  }
}

/** A watch's events came faster than they were taken, and its queue is full: some are missing, it has ended. */
export class WatchOverflowError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super(
      'WATCH_OVERFLOW',
      'recoverable',
      'events came faster than they were taken; the watch has ended',
      facts,
    );
  }
}

/** The session has expired: its ephemeral znodes are gone or will be, its watches are lost. */
export class SessionExpiredError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('SESSION_EXPIRED', 'unrecoverable', 'the session has expired', facts);
  }
}

/** The server did not accept who the client says it is. */
export class AuthFailedError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('AUTH_FAILED', 'unrecoverable', 'the server refused the credentials', facts);
  }
}

/** The client was closed. */
export class ClosedError extends ZooKeeperError {
  constructor(facts: ErrorFacts) {
    super('CLOSED', 'unrecoverable', 'the client is closed', facts);
  }
}

type ErrorClass = new (facts: ErrorFacts) => ZooKeeperError;

const classByErrorCode: ReadonlyMap<number, ErrorClass> = new Map<number, ErrorClass>([
  [ErrorCode.noNode, NoNodeError],
  [ErrorCode.nodeExists, NodeExistsError],
  [ErrorCode.badVersion, BadVersionError],
  [ErrorCode.notEmpty, NotEmptyError],
  [ErrorCode.noChildrenForEphemerals, NoChildrenForEphemeralsError],
  [ErrorCode.noAuth, NoAuthError],
  [ErrorCode.invalidACL, InvalidAclError],
  [ErrorCode.badArguments, BadArgumentsError],
  [ErrorCode.quotaExceeded, QuotaExceededError],
  [ErrorCode.noWatcher, NoWatcherError],
  [ErrorCode.notReadOnly, NotReadOnlyError],
  [ErrorCode.ephemeralOnLocalSession, EphemeralOnLocalSessionError],
  [ErrorCode.unimplemented, UnimplementedError],
  [ErrorCode.newConfigNoQuorum, ReconfigError],
  [ErrorCode.reconfigInProgress, ReconfigError],
  [ErrorCode.reconfigDisabled, ReconfigError],
  [ErrorCode.throttledOp, ThrottledError],
  // To the caller the session has merely changed servers.
  [ErrorCode.sessionMoved, ConnectionLossError],
  [ErrorCode.sessionExpired, SessionExpiredError],
  [ErrorCode.authFailed, AuthFailedError],
  [ErrorCode.sessionClosedRequireSaslAuth, AuthFailedError],
]);

/** Codes after which a server may have gone on with the request all the same. */
const unknownOutcomes: ReadonlySet<number> = new Set([
  ErrorCode.systemError,
  ErrorCode.connectionLoss,
  ErrorCode.operationTimeout,
  ErrorCode.requestTimeout,
]);

/** The error for a code that a server answered with; `facts.outcome` counts only where the code leaves it open. */
export function errorOfCode(errorCode: number, facts: ErrorFacts): ZooKeeperError {
  const sentence = facts.sentence ?? serverSentence(errorCode);
  const ErrorClass = classByErrorCode.get(errorCode);
  if (ErrorClass !== undefined) {
    return new ErrorClass({ ...facts, outcome: 'not-applied', sentence });
  }
  const outcome = unknownOutcomes.has(errorCode) ? facts.outcome : 'not-applied';
  return new ServerError(errorCode, { ...facts, outcome, sentence });
}

/** The protocol's sentence, fit to follow a colon. */
function serverSentence(errorCode: number): string {
  const sentence = errorSentence(errorCode).replace(/\.$/, '');
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
