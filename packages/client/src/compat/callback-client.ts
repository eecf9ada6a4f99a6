import assert from 'node:assert';
import { EventEmitter } from 'node:events';
import type { SessionState } from '../session/session-core.ts';
import type { ZooKeeper } from '../zookeeper.ts';
import { type ACL, wireAclsOf } from './acl.ts';
import { type CreateArgument, type CreateArguments, readCreateArguments } from './arguments.ts';
import { type Callback, Caller, callWithError } from './caller.ts';
import { ConnectionManager, type Option } from './connection-manager.ts';
import { isSequential } from './constants.ts';
import { callUser, deliver } from './deliver.ts';
import type { Exception } from './exception.ts';
import {
  createOperation,
  existsOperation,
  getAclOperation,
  getChildrenOperation,
  getDataOperation,
  type NewZnode,
  type OnWatch,
  ownBuffer,
  removeOperation,
  setAclOperation,
  setDataOperation,
} from './operations.ts';
import { assertPath, assertSequentialPath } from './path.ts';
import type { Stat } from './stat.ts';
import { State } from './state.ts';
import { Transaction } from './transaction.ts';
import { listSubTree, makePath, removeTree } from './tree.ts';
import type { Watcher } from './watchers.ts';

/** What a client tells its listeners. */
export interface ClientEvents {
  /** The new state, before the event of its own below. */
  state: [state: State];
  connected: [];
  connectedReadOnly: [];
  disconnected: [];
  expired: [];
  authenticationFailed: [];
  /** An attempt to connect gave no session; there will be another. New here. */
  connectionError: [error: Error];
}

/** Most bytes of data that are sent. */
const DATA_BYTES_MAX = 1_048_576;

const defaults = { sessionTimeout: 30_000, spinDelay: 1_000, retries: 0 };

/**
 * A client with the methods of node-zookeeper-client, their arguments, checks and results.
 *
 * What is wrong with arguments is thrown at once, as an AssertionError; what the server refuses is the callback's first argument,
 * an {@link Exception}. What a callback or listener throws is an uncaught exception and does no harm to the session.
 */
export class CallbackClient extends EventEmitter<ClientEvents> {
  readonly connectionManager: ConnectionManager;
  readonly options: Option;
  state: State = State.DISCONNECTED;
  readonly #caller: Caller;

  /** @throws AssertionError when `connectionString` does not say where to connect, or the options are none. */
  constructor(connectionString: string, options?: Partial<Option> | null) {
    super();
    assert(
      typeof connectionString === 'string' && connectionString !== '',
      'connectionString must be an non-empty string.',
    );
    assert(!options || typeof options === 'object', 'options must be a valid object');
    this.options = withDefaults(options ?? {});
    this.connectionManager = new ConnectionManager(connectionString, this.options, {
      onStateChange: (state) => this.#onSessionState(state),
      onConnectFailed: (error) => deliver(() => this.emit('connectionError', error)),
    });
    this.#caller = new Caller(this.connectionManager, this.options);
    this.on('state', emitEventOf);
  }

  // ── the session ────────────────────────────────────────────────────────────────────────────────────────

  /** Begins to connect. Again has no effect. */
  connect(): void {
    this.connectionManager.connect();
  }

  /** Ends the session, when what was asked before is answered. `disconnected` tells when it is done. Again has no effect. */
  close(): void {
    this.connectionManager.close();
  }

  getState(): State {
    return this.state;
  }

  /** 8 bytes; zeros before the first connection. */
  getSessionId(): Buffer {
    return this.connectionManager.getSessionId();
  }

  /** 16 bytes; zeros before the first connection. */
  getSessionPassword(): Buffer {
    return this.connectionManager.getSessionPassword();
  }

  /** In ms: what the server has granted, or what is asked for before the first connection. */
  getSessionTimeout(): number {
    return this.connectionManager.getSessionTimeout();
  }

  /** The same session through the API of `@zooid/client`, with all that this one does not have. New here. */
  get zookeeper(): ZooKeeper {
    return this.connectionManager.zookeeper;
  }

  /** Shows credentials on this connection and all later ones. Refused ones end the session: `authenticationFailed`. */
  addAuthInfo(scheme: string, auth: Buffer): void {
    assert(typeof scheme === 'string' && scheme !== '', 'scheme must be a non-empty string.');
    assert(Buffer.isBuffer(auth), 'auth must be a valid instance of Buffer');
    this.connectionManager.addAuthInfo(scheme, ownBuffer(auth));
  }

  // ── znodes ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Makes a znode. Optional data, ACL and mode are known by their types. The callback gets its path. */
  create(
    path: string,
    ...rest: [...options: CreateArgument[], callback: Callback<[path: string]>]
  ): void {
    const { znode, callback } = this.#creation(path, readCreateArguments(rest), 'one');
    this.#caller.request(createOperation(this.#chroot, path, znode), callback);
  }

  /**
   * The same, with those above it that do not exist. Data and mode are those of the last one, the ACL is that of all it makes.
   * When it fails, the callback gets the path that could not be made behind the error.
   */
  mkdirp(
    path: string,
    ...rest: [...options: CreateArgument[], callback: Callback<[path: string]>]
  ): void {
    const { znode, callback } = this.#creation(path, readCreateArguments(rest), 'all');
    makePath(this.#caller, this.#chroot, path, znode).then(
      (created) => callUser(callback, null, created),
      (error: Exception) => callUser(callback, error, error.path ?? path),
    );
  }

  /** Removes a znode without children, if it has this version. */
  remove(path: string, callback: Callback<[]>): void;
  remove(path: string, version: number, callback: Callback<[]>): void;
  remove(path: string, ...rest: readonly unknown[]): void {
    const { version, callback } = versioned<[]>(path, rest);
    this.#caller.request(removeOperation(this.#chroot, path, version), callback);
  }

  /** Removes a znode, if it has this version, and all below it: in one transaction unless there are thousands. */
  removeRecursive(path: string, callback: Callback<[]>): void;
  removeRecursive(path: string, version: number, callback: Callback<[]>): void;
  removeRecursive(path: string, ...rest: readonly unknown[]): void {
    const { version, callback } = versioned<[]>(path, rest);
    removeTree(this.#caller, this.#chroot, path, version).then(
      () => callUser(callback, null),
      (error: Exception) => callWithError(callback, error),
    );
  }

  /** The stat, null when there is no such znode. A watcher hears of its creation, change or end, once. */
  exists(path: string, callback: Callback<[stat: Stat | null]>): void;
  exists(
    path: string,
    watcher: Watcher | null | undefined,
    callback: Callback<[stat: Stat | null]>,
  ): void;
  exists(path: string, ...rest: readonly unknown[]): void {
    const { onWatch, callback } = this.#watched<[stat: Stat | null]>(path, rest);
    this.#caller.request(existsOperation(this.#chroot, path, onWatch), callback);
  }

  /** Names of the children in no order, and the stat. A watcher hears when one comes or goes, or of the end, once. */
  getChildren(path: string, callback: Callback<[children: string[], stat: Stat]>): void;
  getChildren(
    path: string,
    watcher: Watcher | null | undefined,
    callback: Callback<[children: string[], stat: Stat]>,
  ): void;
  getChildren(path: string, ...rest: readonly unknown[]): void {
    const { onWatch, callback } = this.#watched<[string[], Stat]>(path, rest);
    this.#caller.request(getChildrenOperation(this.#chroot, path, onWatch), callback);
  }

  /** Paths of the znode and of all below it, level by level. */
  listSubTreeBFS(path: string, callback: Callback<[children: string[]]>): void {
    assertPath(path);
    assertCallback(callback);
    listSubTree(this.#caller, this.#chroot, path).then(
      (paths) => callUser(callback, null, paths),
      (error: Exception) => callWithError(callback, error),
    );
  }

  /** Data, undefined when it is null, and the stat. A watcher hears of a change or of the end, once. */
  getData(path: string, callback: Callback<[data: Buffer, stat: Stat]>): void;
  getData(
    path: string,
    watcher: Watcher | null | undefined,
    callback: Callback<[data: Buffer, stat: Stat]>,
  ): void;
  getData(path: string, ...rest: readonly unknown[]): void {
    const { onWatch, callback } = this.#watched<[Buffer | undefined, Stat]>(path, rest);
    this.#caller.request(getDataOperation(this.#chroot, path, onWatch), callback);
  }

  /** Changes the data, if the znode has this version. The callback gets the new stat. */
  setData(path: string, data: Buffer | null | undefined, callback: Callback<[stat: Stat]>): void;
  setData(
    path: string,
    data: Buffer | null | undefined,
    version: number,
    callback: Callback<[stat: Stat]>,
  ): void;
  setData(path: string, data: Buffer | null | undefined, ...rest: readonly unknown[]): void {
    const { version, callback } = versioned<[stat: Stat]>(path, rest);
    assert(
      data === null || data === undefined || Buffer.isBuffer(data),
      'data must be a valid buffer, null or undefined.',
    );
    assertDataSize(data);
    const own = data ? ownBuffer(data) : null;
    this.#caller.request(setDataOperation(this.#chroot, path, own, version), callback);
  }

  /** The ACL and the stat. */
  getACL(path: string, callback: Callback<[acls: ACL[], stat: Stat]>): void {
    assertPath(path);
    assertCallback(callback);
    this.#caller.request(getAclOperation(this.#chroot, path), callback);
  }

  /** Changes the ACL, if it has this version. The callback gets the new stat. */
  setACL(path: string, acls: readonly ACL[], callback: Callback<[stat: Stat]>): void;
  setACL(
    path: string,
    acls: readonly ACL[],
    version: number,
    callback: Callback<[stat: Stat]>,
  ): void;
  setACL(path: string, acls: readonly ACL[], ...rest: readonly unknown[]): void {
    const { version, callback } = optionalVersion<[stat: Stat]>(rest);
    assertPath(path);
    assertCallback(callback);
    assert(Array.isArray(acls) && acls.length > 0, 'acls must be a non-empty array.');
    assertVersion(version);
    this.#caller.request(setAclOperation(this.#chroot, path, wireAclsOf(acls), version), callback);
  }

  /** Several changes as one. */
  transaction(): Transaction {
    return new Transaction(this.connectionManager, this.#caller);
  }

  // ── inside ─────────────────────────────────────────────────────────────────────────────────────────────

  get #chroot(): ConnectionManager['chroot'] {
    return this.connectionManager.chroot;
  }

  #creation(
    path: string,
    { data, acls, mode, callback }: CreateArguments,
    levels: 'one' | 'all',
  ): { readonly znode: NewZnode; readonly callback: Callback<[path: string]> } {
    // A name that the server completes may be empty, but those above it may not.
    if (levels === 'one' && isSequential(mode)) assertSequentialPath(path);
    else assertPath(path);
    assertCallback(callback);
    assertDataSize(data);
    assert(acls.length > 0, 'acls must be a non-empty array.');
    return {
      znode: { data, acl: wireAclsOf(acls), mode },
      callback: callback as Callback<[path: string]>,
    };
  }

  #watched<Results extends readonly unknown[]>(
    path: string,
    rest: readonly unknown[],
  ): { readonly onWatch: OnWatch; readonly callback: Callback<Results> } {
    const [watcher, callback] = rest[1] ? rest : [undefined, rest[0]];
    assertPath(path);
    assertCallback(callback);
    assert(!watcher || typeof watcher === 'function', 'watcher must be a valid function.');
    const onWatch: OnWatch = watcher
      ? (kind, serverPath) => {
          this.connectionManager.addWatcher(kind, serverPath, watcher as Watcher);
        }
      : undefined;
    return { onWatch, callback: callback as Callback<Results> };
  }

  #onSessionState(state: SessionState): void {
    const own = stateOf[state];
    if (own !== undefined) deliver(() => this.#become(own));
    if (this.connectionManager.isEnded) {
      // As there, the connection's end is told last: behind the callbacks of what it ends, and after whoever waited for the
      // end of the session has seen it in `getState()`.
      setImmediate(() => {
        this.#caller.giveUpRetries();
        deliver(() => this.#become(State.DISCONNECTED));
      });
    }
  }

  #become(state: State): void {
    if (this.state === state) return;
    this.state = state;
    this.emit('state', state);
  }
}

/** undefined where listeners hear of nothing, or of the connection's end alone. */
const stateOf: Readonly<Record<SessionState, State | undefined>> = {
  connecting: undefined,
  connected: State.SYNC_CONNECTED,
  'read-only': State.CONNECTED_READ_ONLY,
  suspended: State.DISCONNECTED,
  expired: State.EXPIRED,
  'auth-failed': State.AUTH_FAILED,
  closed: undefined,
};

function emitEventOf(this: CallbackClient, state: State): void {
  switch (state) {
    case State.DISCONNECTED:
      this.emit('disconnected');
      break;
    case State.SYNC_CONNECTED:
      this.emit('connected');
      break;
    case State.CONNECTED_READ_ONLY:
      this.emit('connectedReadOnly');
      break;
    case State.EXPIRED:
      this.emit('expired');
      break;
    case State.AUTH_FAILED:
      this.emit('authenticationFailed');
      break;
  }
}

function withDefaults(options: Partial<Option>): Option {
  const { sessionTimeout, spinDelay, retries } = options;
  return {
    ...options,
    sessionTimeout: sessionTimeout ?? defaults.sessionTimeout,
    spinDelay: spinDelay ?? defaults.spinDelay,
    retries: retries === undefined ? defaults.retries : retries,
  };
}

/** The last arguments of a method with a version, which may be left out. */
function optionalVersion<Results extends readonly unknown[]>(
  rest: readonly unknown[],
): { readonly version: number; readonly callback: Callback<Results> } {
  const [version, callback] = rest[1] ? rest : [-1, rest[0]];
  return { version: version as number, callback: callback as Callback<Results> };
}

/** The same, with the checks in the usual order. */
function versioned<Results extends readonly unknown[]>(
  path: string,
  rest: readonly unknown[],
): { readonly version: number; readonly callback: Callback<Results> } {
  const { version, callback } = optionalVersion<Results>(rest);
  assertPath(path);
  assertCallback(callback);
  assertVersion(version);
  return { version, callback };
}

function assertCallback(callback: unknown): void {
  assert(typeof callback === 'function', 'callback must be a function.');
}

function assertVersion(version: unknown): void {
  assert(typeof version === 'number', 'version must be a number.');
}

function assertDataSize(data: Buffer | null | undefined): void {
  assert(
    !data || data.length <= DATA_BYTES_MAX,
    `data must be equal of smaller than ${DATA_BYTES_MAX} bytes.`,
  );
}
