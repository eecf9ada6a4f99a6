import type { Acl } from '@zooid/protocol';
import {
  type ClientInfo,
  decodeGetEphemeralsResponse,
  encodeUtf8,
  type JuteReader,
  OpCode,
  WatcherType,
} from '@zooid/protocol';
import { BoundedQueue } from './bounded-queue.ts';
import { Chroot } from './chroot.ts';
import { createZnode } from './create-znode.ts';
import { bytesOf } from './data.ts';
import { NoWatcherError } from './errors.ts';
import {
  deleteTree,
  type EnsurePathOptions,
  ensurePath,
  listTree,
  walkTree,
} from './helpers/tree.ts';
import { type UpdateOptions, update } from './helpers/update.ts';
import { waitFor } from './helpers/wait-for.ts';
import type { NodeData } from './node-data.ts';
import { onAbort } from './on-abort.ts';
import { OneShot, type Watched } from './one-shot.ts';
import type {
  CreateOptions,
  DataInput,
  ReadOptions,
  ReconfigOptions,
  WatchedReadOptions,
  WatchOptions,
  WriteOptions,
} from './options.ts';
import { ReadBatch } from './read-batch.ts';
import {
  type Children,
  type Created,
  type NodeAcl,
  readAcl,
  readChildren,
  readCount,
  readIdentities,
  readNodeData,
  readNothing,
  readPath,
  readStat,
} from './replies.ts';
import type { CallOptions } from './session/call.ts';
import type { Session } from './session/session.ts';
import type { SessionState } from './session/session-core.ts';
import type { Stat } from './stat.ts';
import { Transaction } from './transaction.ts';
import { parseConnectString } from './transport/connect-string.ts';
import { kindsOf, removeOneShot, type WatchSelection } from './watch-removal.ts';
import { WatchStream } from './watch-stream.ts';

/** The version of a write that takes any. */
const ANY_VERSION = -1;
const CONFIG_PATH = '/zookeeper/config';
/** Changes of state that may wait to be taken: more than anybody leaves lying. */
const STATES_QUEUED_MAX = 4_096;

/** The session, as another client could take it up. */
export interface SessionInfo {
  readonly id: bigint;
  /** A secret: whoever has it can take the session over. */
  readonly password: Uint8Array;
  /** As the server granted it, in ms. */
  readonly timeoutMs: number;
}

/** Whether a znode exists, with a watch for the change. */
export interface WatchedExistence extends Watched {
  /** undefined when it does not exist. */
  readonly stat: Stat | undefined;
}

/**
 * A session with a ZooKeeper service.
 *
 * Calls are sent at once, in order, and answered in order; those of one turn of the event loop leave in one write. While the
 * connection is lost they wait for the next one, for as long as the session lives. Every method that asks the server rejects with
 * a `ZooKeeperError`: `outcome` says whether the request may have been carried out all the same.
 */
export class ZooKeeper implements AsyncDisposable {
  readonly #session: Session;
  readonly #chroot: Chroot;

  /** For `connect` and {@link under}. */
  constructor(session: Session, chroot: Chroot) {
    this.#session = session;
    this.#chroot = chroot;
  }

  // ── the session ────────────────────────────────────────────────────────────────────────────────────────

  /** How the session stands. */
  get state(): SessionState {
    return this.#session.state;
  }

  /** Id, password and timeout of the session. */
  get session(): SessionInfo {
    const { ticket, timeoutMs } = this.#session;
    if (ticket === undefined) throw new Error('there is no session yet');
    return { id: ticket.id, password: ticket.password.slice(), timeoutMs };
  }

  /**
   * Fires when the session has ended, not later than the servers end it; its reason is the error. With servers of Apache's it may be later
   * where one has lost its leader: that answers until it notices (`syncLimit`), and the leader does not hear of its clients.
   */
  get lost(): AbortSignal {
    return this.#session.lost;
  }

  /** The newest zxid that a server has told of. */
  get lastZxid(): bigint {
    return BigInt(this.#session.lastZxid);
  }

  /** Calls that wait for an answer. */
  get pendingCount(): number {
    return this.#session.pendingCount;
  }

  /** The part of the tree that this client sees: a path of the server, `/` for all. */
  get chroot(): string {
    return this.#chroot.path === '' ? '/' : this.#chroot.path;
  }

  /** The changes of {@link state} from now on. Ends after the last one, or with the signal. */
  states(options?: {
    readonly signal?: AbortSignal | undefined;
  }): AsyncIterableIterator<SessionState> {
    const signal = options?.signal;
    const states = new BoundedQueue<SessionState>(STATES_QUEUED_MAX, () => stop());
    const stopListening = this.#session.onStateChange((state) => {
      states.push(state);
      if (this.#session.endError !== undefined) stop();
    });
    const stopSignal = signal && onAbort(signal, () => stop());
    const stop = () => {
      stopListening();
      stopSignal?.();
      states.end();
    };
    if (this.#session.endError !== undefined || signal?.aborted) stop();
    return states;
  }

  /** Waits until the state is one of `wanted`. Rejects when the session ends in another one. */
  untilState(
    wanted: SessionState | readonly SessionState[],
    options?: CallOptions,
  ): Promise<SessionState> {
    return this.#session.untilState(typeof wanted === 'string' ? [wanted] : wanted, options);
  }

  /** The same session, seen from further down: paths of the result begin at `path`. Closing either closes both. */
  under(path: string): ZooKeeper {
    return new ZooKeeper(this.#session, new Chroot(this.#chroot.toServer('under', path)));
  }

  /**
   * Shows credentials on this connection and all later ones, also when nobody waits for the answer any more.
   *
   * @throws AuthFailedError when they are refused: that ends the session, as the servers do.
   */
  addAuth(scheme: string, auth: string | Uint8Array, options?: CallOptions): Promise<void> {
    const bytes = typeof auth === 'string' ? encodeUtf8(auth) : auth;
    return this.#session.addAuth(scheme, bytes, options);
  }

  /**
   * Other servers from now on. The session stays; the connection moves when that balances the load (by Apache's rule).
   *
   * @param servers - as in `connect`, without a chroot.
   * @throws ConnectStringError when it is malformed.
   */
  updateServers(servers: string): void {
    this.#session.updateServers(parseConnectString(servers).servers);
  }

  /**
   * Ends the session: its ephemeral znodes go with it. Calls made before are answered first. Never rejects; again is harmless.
   *
   * Without a connection it ends here at once, and on the servers when it expires.
   */
  close(): Promise<void> {
    return this.#session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // ── reading ────────────────────────────────────────────────────────────────────────────────────────────

  /** Data and stat. @throws NoNodeError */
  get(path: string, options: WatchedReadOptions): Promise<NodeData & Watched>;
  get(path: string, options?: ReadOptions): Promise<NodeData>;
  get(path: string, options?: ReadOptions): Promise<NodeData> {
    const serverPath = this.#chroot.tryToServer(path);
    if (serverPath === undefined) return this.#chroot.refuse('get', path);
    return this.#get('get', path, serverPath, options);
  }

  #get(
    operation: string,
    path: string,
    serverPath: string,
    options: ReadOptions | undefined,
  ): Promise<NodeData> {
    const watch = this.#oneShot('data', serverPath, options);
    return this.#session.call(
      {
        operation,
        path,
        request: { op: OpCode.getData, path: serverPath, watch: watch !== undefined },
        decode:
          watch === undefined
            ? readNodeData
            : (reader) => this.#withWatch(readNodeData(reader), watch),
        effect: 'none',
        watch,
      },
      options,
    );
  }

  /** The stat of a znode, undefined when it does not exist. With `watch` the stat is a field beside `changed`. */
  exists(path: string, options: WatchedReadOptions): Promise<WatchedExistence>;
  exists(
    path: string,
    options?: ReadOptions & { readonly watch?: false },
  ): Promise<Stat | undefined>;
  exists(path: string, options?: ReadOptions): Promise<Stat | WatchedExistence | undefined> {
    const serverPath = this.#chroot.tryToServer(path);
    if (serverPath === undefined) return this.#chroot.refuse('exists', path);
    const watch = this.#oneShot('exist', serverPath, options);
    return this.#session.call<Stat | WatchedExistence | undefined>(
      {
        operation: 'exists',
        path,
        request: { op: OpCode.exists, path: serverPath, watch: watch !== undefined },
        decode:
          watch === undefined
            ? readStat
            : (reader) => this.#withWatch({ stat: readStat(reader) }, watch),
        whenAbsent:
          watch === undefined ? readNothing : () => this.#withWatch({ stat: undefined }, watch),
        effect: 'none',
        watch,
      },
      options,
    );
  }

  /** Names of the children and stat. @throws NoNodeError */
  children(path: string, options: WatchedReadOptions): Promise<Children & Watched>;
  children(path: string, options?: ReadOptions): Promise<Children>;
  children(path: string, options?: ReadOptions): Promise<Children> {
    const serverPath = this.#chroot.tryToServer(path);
    if (serverPath === undefined) return this.#chroot.refuse('children', path);
    const watch = this.#oneShot('children', serverPath, options);
    return this.#session.call(
      {
        operation: 'children',
        path,
        request: { op: OpCode.getChildren2, path: serverPath, watch: watch !== undefined },
        decode:
          watch === undefined
            ? readChildren
            : (reader) => this.#withWatch(readChildren(reader), watch),
        effect: 'none',
        watch,
      },
      options,
    );
  }

  /** ACL and stat. @throws NoNodeError, NoAuthError */
  getAcl(path: string, options?: CallOptions): Promise<NodeAcl> {
    return this.#ask('getAcl', OpCode.getACL, path, readAcl, options);
  }

  /** Descendants of a znode, at every depth, the znode itself not counted. Servers from 3.6 on. @throws NoNodeError */
  countDescendants(path: string, options?: CallOptions): Promise<number> {
    return this.#ask('countDescendants', OpCode.getAllChildrenNumber, path, readCount, options);
  }

  /** Waits until the server that this client is connected to has seen every write acknowledged before the call. */
  async sync(path = '/', options?: CallOptions): Promise<void> {
    await this.#ask('sync', OpCode.sync, path, readPath, options);
  }

  /** Paths of this session's own ephemeral znodes at and below `path`. Servers from 3.6 on. */
  async ephemerals(path = '/', options?: CallOptions): Promise<string[]> {
    const prefixPath = this.#chroot.toServer('ephemerals', path);
    const paths = await this.#session.call(
      {
        operation: 'ephemerals',
        path,
        request: { op: OpCode.getEphemerals, prefixPath },
        decode: readEphemerals,
        effect: 'none',
      },
      options,
    );
    // The server compares texts: of /a it tells /ab, too.
    const at = new Chroot(prefixPath);
    return paths.filter((found) => at.contains(found)).map((found) => this.#chroot.toClient(found));
  }

  /** Who the server believes this connection to be. Servers from 3.7 on. */
  whoAmI(options?: CallOptions): Promise<readonly ClientInfo[]> {
    return this.#session.call(
      {
        operation: 'whoAmI',
        request: { op: OpCode.whoAmI },
        decode: readIdentities,
        effect: 'none',
      },
      options,
    );
  }

  /** Several reads answered from one state of the tree. Servers from 3.6 on. */
  readBatch(): ReadBatch {
    return new ReadBatch(this.#session, this.#chroot);
  }

  // ── writing ────────────────────────────────────────────────────────────────────────────────────────────

  /** Adds a znode. @throws NodeExistsError, NoNodeError when its parent does not exist, BadArgumentsError */
  create(path: string, data?: DataInput, options?: CreateOptions): Promise<Created> {
    return createZnode(this.#session, this.#chroot, path, data, options);
  }

  /** Changes data. @throws NoNodeError, BadVersionError */
  set(path: string, data: DataInput, options?: WriteOptions): Promise<Stat> {
    const serverPath = this.#chroot.tryToServer(path);
    if (serverPath === undefined) return this.#chroot.refuse('set', path);
    return this.#session.call(
      {
        operation: 'set',
        path,
        request: {
          op: OpCode.setData,
          path: serverPath,
          data: bytesOf(data),
          version: options?.version ?? ANY_VERSION,
        },
        decode: readStat,
        effect: options?.idempotent ? 'repeatable' : 'once',
      },
      options,
    );
  }

  /** Removes a znode. @throws NoNodeError, NotEmptyError, BadVersionError */
  delete(path: string, options?: WriteOptions): Promise<void> {
    const serverPath = this.#chroot.tryToServer(path);
    if (serverPath === undefined) return this.#chroot.refuse('delete', path);
    return this.#session.call<void>(
      {
        operation: 'delete',
        path,
        request: {
          op: OpCode.delete,
          path: serverPath,
          version: options?.version ?? ANY_VERSION,
        },
        decode: readNothing,
        effect: options?.idempotent ? 'repeatable' : 'once',
      },
      options,
    );
  }

  /** Changes the ACL; `version` is that of the ACL (`aversion`). @throws NoNodeError, InvalidAclError, BadVersionError */
  setAcl(path: string, acl: readonly Acl[], options?: WriteOptions): Promise<Stat> {
    const serverPath = this.#chroot.tryToServer(path);
    if (serverPath === undefined) return this.#chroot.refuse('setAcl', path);
    return this.#session.call(
      {
        operation: 'setAcl',
        path,
        request: {
          op: OpCode.setACL,
          path: serverPath,
          acl,
          version: options?.version ?? ANY_VERSION,
        },
        decode: readStat,
        effect: options?.idempotent ? 'repeatable' : 'once',
      },
      options,
    );
  }

  /** Several changes, all or none. */
  transaction(): Transaction {
    return new Transaction(this.#session, this.#chroot);
  }

  // ── watching ───────────────────────────────────────────────────────────────────────────────────────────

  /** The events of a znode, or of all below it, until it is closed. @throws BadArgumentsError for a path that is none. */
  watch(path: string, options: WatchOptions = {}): WatchStream {
    return new WatchStream(this.#session, this.#chroot, path, options);
  }

  /** Whether the server has such a watch of this session at `path`. Servers from 3.6 on. */
  async hasWatch(path: string, which: WatchSelection, options?: CallOptions): Promise<boolean> {
    try {
      await this.#onWatches('hasWatch', OpCode.checkWatches, path, which, readNothing, options);
      return true;
    } catch (error) {
      if (error instanceof NoWatcherError) return false;
      throw error;
    }
  }

  /**
   * Takes all such watches of this session at `path` off, on the server and here: streams end, and what is awaited rejects, with
   * `NoWatcherError`.
   *
   * @throws NoWatcherError when there was none.
   */
  async removeWatches(path: string, which: WatchSelection, options?: CallOptions): Promise<void> {
    const sentence = 'the watch was removed';
    const removed = new NoWatcherError({ operation: 'watch', path, sentence });
    const { watches } = this.#session;
    // With the answer, not after it: what is watched from then on stays.
    const onRemoved = () => {
      watches.endAt(this.#chroot.toServer('removeWatches', path), kindsOf[which], removed);
    };
    await this.#onWatches('removeWatches', OpCode.removeWatches, path, which, onRemoved, options);
  }

  // ── configuration of the ensemble ──────────────────────────────────────────────────────────────────────

  /** The text of the ensemble's configuration, whatever the chroot. */
  getConfig(options: WatchedReadOptions): Promise<NodeData & Watched>;
  getConfig(options?: ReadOptions): Promise<NodeData>;
  getConfig(options?: ReadOptions): Promise<NodeData> {
    return this.#get('getConfig', CONFIG_PATH, CONFIG_PATH, options);
  }

  /** Changes the members of the ensemble. @returns the new configuration. @throws ReconfigError, NoAuthError, BadVersionError */
  reconfig(options: ReconfigOptions): Promise<NodeData> {
    const { joining, leaving, members, version = -1n } = options;
    return this.#session.call(
      {
        operation: 'reconfig',
        request: {
          op: OpCode.reconfig,
          joiningServers: joining?.join(',') ?? null,
          leavingServers: leaving?.join(',') ?? null,
          newMembers: members?.join(',') ?? null,
          curConfigId: version,
        },
        decode: readNodeData,
        effect: 'once',
      },
      options,
    );
  }

  // ── helpers: what everybody writes on top ──────────────────────────────────────────────────────────────

  /** Creates the znode and those above it that do not exist. @returns whether any was created. */
  ensurePath(path: string, options?: EnsurePathOptions): Promise<boolean> {
    return ensurePath(this, path, options);
  }

  /** Removes a znode and all below it, however it grows meanwhile. Not one transaction. @returns how many were removed. */
  deleteTree(path: string, options?: CallOptions): Promise<number> {
    return deleteTree(this, path, options);
  }

  /** Paths of a znode and all below it, parents before children. What vanishes meanwhile is left out. @throws NoNodeError */
  listTree(path: string, options?: CallOptions): Promise<string[]> {
    return listTree(this, path, options);
  }

  /** The same one by one, children right after their parent: for trees too large to hold. `timeoutMs` counts for each step. */
  walk(path: string, options?: CallOptions): AsyncGenerator<string, void, undefined> {
    return walkTree(this, path, options);
  }

  /** Waits until a znode exists. @returns its stat. */
  waitFor(path: string, options?: CallOptions): Promise<Stat> {
    return waitFor(this, path, options);
  }

  /**
   * Reads, lets `change` make new data of it, and writes that if nobody was faster; otherwise once more.
   *
   * @param change - gets the present data; undefined as its result leaves everything as it is.
   */
  update(
    path: string,
    change: (current: NodeData) => DataInput | undefined | Promise<DataInput | undefined>,
    options?: UpdateOptions,
  ): Promise<Stat> {
    return update(this, path, change, options);
  }

  // ── inside ─────────────────────────────────────────────────────────────────────────────────────────────

  /** A question that consists of a path. */
  #ask<T>(
    operation: string,
    op: (typeof OpCode)['sync' | 'getACL' | 'getAllChildrenNumber'],
    path: string,
    decode: (reader: JuteReader) => T,
    options: CallOptions | undefined,
  ): Promise<T> {
    const serverPath = this.#chroot.tryToServer(path);
    if (serverPath === undefined) return this.#chroot.refuse(operation, path);
    return this.#session.call(
      { operation, path, request: { op, path: serverPath }, decode, effect: 'none' },
      options,
    );
  }

  #onWatches(
    operation: string,
    op: (typeof OpCode)['checkWatches' | 'removeWatches'],
    path: string,
    which: WatchSelection,
    decode: () => void,
    options: CallOptions | undefined,
  ): Promise<void> {
    const serverPath = this.#chroot.tryToServer(path);
    if (serverPath === undefined) return this.#chroot.refuse(operation, path);
    return this.#session.call(
      {
        operation,
        path,
        request: { op, path: serverPath, type: WatcherType[which] },
        decode,
        effect: 'none',
      },
      options,
    );
  }

  #oneShot(
    kind: OneShot['kind'],
    serverPath: string,
    options: ReadOptions | undefined,
  ): OneShot | undefined {
    return options?.watch ? new OneShot(kind, serverPath, this.#chroot) : undefined;
  }

  #withWatch<T extends object>(value: T, watch: OneShot): T & Watched {
    const { changed } = watch;
    return Object.assign(value, { changed, unwatch: () => removeOneShot(this.#session, watch) });
  }
}

function readEphemerals(reader: JuteReader): readonly string[] {
  return decodeGetEphemeralsResponse(reader).ephemerals;
}
