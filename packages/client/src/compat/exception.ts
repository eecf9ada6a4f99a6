import assert from 'node:assert';
import { ServerError, ZooKeeperError } from '../errors.ts';

/** A function whose frames a stack trace leaves out. */
type Callee = (...args: never[]) => unknown;

/** Why an operation failed. `cause` is the error of the new API, which says whether it may have happened all the same. */
export class Exception extends Error {
  static readonly OK = 0;
  static readonly SYSTEM_ERROR = -1;
  static readonly RUNTIME_INCONSISTENCY = -2;
  static readonly DATA_INCONSISTENCY = -3;
  static readonly CONNECTION_LOSS = -4;
  static readonly MARSHALLING_ERROR = -5;
  static readonly UNIMPLEMENTED = -6;
  static readonly OPERATION_TIMEOUT = -7;
  static readonly BAD_ARGUMENTS = -8;
  static readonly API_ERROR = -100;
  static readonly NO_NODE = -101;
  static readonly NO_AUTH = -102;
  static readonly BAD_VERSION = -103;
  static readonly NO_CHILDREN_FOR_EPHEMERALS = -108;
  static readonly NODE_EXISTS = -110;
  static readonly NOT_EMPTY = -111;
  static readonly SESSION_EXPIRED = -112;
  static readonly INVALID_CALLBACK = -113;
  static readonly INVALID_ACL = -114;
  static readonly AUTH_FAILED = -115;
  // node-zookeeper-client does not know those from here on, and ends the process when a server sends one.
  static readonly UNKNOWN_SESSION = -12;
  static readonly NEW_CONFIG_NO_QUORUM = -13;
  static readonly RECONFIG_IN_PROGRESS = -14;
  static readonly SESSION_MOVED = -118;
  static readonly NOT_READ_ONLY = -119;
  static readonly EPHEMERAL_ON_LOCAL_SESSION = -120;
  static readonly NO_WATCHER = -121;
  static readonly REQUEST_TIMEOUT = -122;
  static readonly RECONFIG_DISABLED = -123;
  static readonly SESSION_CLOSED_REQUIRE_SASL_AUTH = -124;
  static readonly QUOTA_EXCEEDED = -125;
  static readonly THROTTLED_OP = -127;

  // Declared in the order in which they stand in the JSON of an error.
  /** One of the constants; a server may send others. */
  readonly code: number;
  override readonly name: string;
  readonly path: string | undefined;
  override readonly message: string;

  /** @throws AssertionError for arguments of the wrong kind. */
  constructor(code: number, name: string, path: string | undefined | Callee, callee?: Callee);
  constructor(code: number, name: string, path: unknown, callee?: unknown) {
    super();
    const ctor = callee || path;
    assert(typeof code === 'number', 'code must be a number.');
    assert(typeof name === 'string' && name !== '', 'name must be a non-empty string.');
    assert(typeof ctor === 'function', 'ctor must be a function.');
    this.code = code;
    this.name = name;
    this.path = callee ? (path as string | undefined) : undefined;
    this.message = `Exception: ${name}[${code}]${this.path ? `@${this.path}` : ''}`;
    Error.captureStackTrace(this, ctor as Callee);
  }

  /** @throws AssertionError for no number, Error for a code that is none of the constants. */
  static create(code: number, path?: string): Exception {
    assert(typeof code === 'number', 'code must be a number.');
    const name = nameByCode.get(code);
    if (name === undefined) throw new Error(`Unknown code: ${code}`);
    return new Exception(code, name, path, Exception.create);
  }

  getCode(): number {
    return this.code;
  }

  getName(): string {
    return this.name;
  }

  getPath(): string | undefined {
    return this.path;
  }

  /** `Exception: NAME[code]@path` */
  override toString(): string {
    return this.message;
  }
}

const nameByCode: ReadonlyMap<number, string> = new Map(
  Object.entries(Exception)
    .filter(([, code]) => typeof code === 'number')
    .map(([name, code]) => [code as number, name]),
);

/** What node-zookeeper-client says where the new API has a name of its own. */
const codeBySituation: ReadonlyMap<string, number> = new Map([
  ['CLOSED', Exception.CONNECTION_LOSS],
  ['PROTOCOL', Exception.CONNECTION_LOSS],
  ['THROTTLED', Exception.THROTTLED_OP],
  ...[...nameByCode].map(([code, name]) => [name, code] as const),
]);

/** The exception for a code that a server sent, whatever it is. */
export function exceptionOfCode(code: number, path: string | undefined): Exception {
  return new Exception(code, nameByCode.get(code) ?? 'UNKNOWN_ERROR', path, exceptionOfCode);
}

/** The exception for what a call of the session failed of. */
export function exceptionOf(error: unknown, path: string | undefined): Exception {
  const exception = exceptionOfCode(codeOf(error), path);
  Object.defineProperty(exception, 'cause', { value: error, configurable: true, writable: true });
  return exception;
}

function codeOf(error: unknown): number {
  if (error instanceof ServerError) return error.errorCode;
  if (!(error instanceof ZooKeeperError)) return Exception.SYSTEM_ERROR;
  return codeBySituation.get(error.code) ?? Exception.SYSTEM_ERROR;
}
