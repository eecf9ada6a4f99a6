import {
  AddWatchMode,
  ErrorCode,
  EventType,
  isAddWatchMode,
  isWatcherType,
  type JuteReader,
  type JuteWriter,
  openAcl,
} from '@zooid/protocol';
import type { Client } from '../client.ts';
import type { Replies } from '../replies.ts';
import type { DataTree } from '../tree/data-tree.ts';
import type { WatchTable } from '../watch/watch-table.ts';

/**
 * Requests that are about watches only: addWatch, removeWatches, checkWatches, setWatches, setWatches2.
 *
 * Source: DataTree.setWatches, FinalRequestProcessor.
 */
export class WatchRequests {
  readonly #tree: DataTree;
  readonly #watches: WatchTable<Client>;
  readonly #replies: Replies;

  constructor(parts: {
    readonly tree: DataTree;
    readonly watches: WatchTable<Client>;
    readonly replies: Replies;
  }) {
    this.#tree = parts.tree;
    this.#watches = parts.watches;
    this.#replies = parts.replies;
  }

  /** No permission is asked for here: it is checked when an event is delivered. */
  addWatch(client: Client, reader: JuteReader, out: JuteWriter): ErrorCode {
    const path = reader.ustring();
    const mode = reader.int();
    if (path === null || !isAddWatchMode(mode)) return ErrorCode.marshallingError;
    if (mode === AddWatchMode.persistent) this.#watches.addPersistent(path, client);
    else this.#watches.addPersistentRecursive(path, client);
    // Apache answers with an ErrorResponse whose code is 0.
    out.int(ErrorCode.ok);
    return ErrorCode.ok;
  }

  checkWatches(client: Client, reader: JuteReader): ErrorCode {
    const path = reader.ustring();
    const type = reader.int();
    if (path === null || !isWatcherType(type)) return ErrorCode.marshallingError;
    return this.#watches.has(path, type, client) ? ErrorCode.ok : ErrorCode.noWatcher;
  }

  removeWatches(client: Client, reader: JuteReader): ErrorCode {
    const path = reader.ustring();
    const type = reader.int();
    if (path === null || !isWatcherType(type)) return ErrorCode.marshallingError;
    return this.#watches.remove(path, type, client) ? ErrorCode.ok : ErrorCode.noWatcher;
  }

  /**
   * Registers again what a client watched before it reconnected; what happened meanwhile, seen from
   * the zxid that the client knows, is told at once.
   */
  setWatches(client: Client, reader: JuteReader, form: 'setWatches' | 'setWatches2'): ErrorCode {
    const relativeZxid = reader.longAsNumber();
    const data = reader.texts();
    const exist = reader.texts();
    const child = reader.texts();
    const persistent = form === 'setWatches2' ? reader.texts() : [];
    const recursive = form === 'setWatches2' ? reader.texts() : [];
    const tree = this.#tree;
    for (const path of data) {
      const row = tree.findPath(path);
      if (row < 0) this.#missed(client, EventType.nodeDeleted, path);
      else if (tree.mzxid(row) > relativeZxid)
        this.#missed(client, EventType.nodeDataChanged, path);
      else this.#watches.addData(path, client);
    }
    for (const path of exist) {
      if (tree.findPath(path) >= 0) this.#missed(client, EventType.nodeCreated, path);
      else this.#watches.addData(path, client);
    }
    for (const path of child) {
      const row = tree.findPath(path);
      if (row < 0) this.#missed(client, EventType.nodeDeleted, path);
      else if (tree.pzxid(row) > relativeZxid)
        this.#missed(client, EventType.nodeChildrenChanged, path);
      else this.#watches.addChild(path, client);
    }
    for (const path of persistent) this.#watches.addPersistent(path, client);
    for (const path of recursive) this.#watches.addPersistentRecursive(path, client);
    return ErrorCode.ok;
  }

  /** Such an event is not filtered by ACL and carries no zxid of its own. Source: DataTree.setWatches. */
  #missed(client: Client, eventType: EventType, path: string): void {
    this.#replies.event(client, eventType, path, -1, openAcl);
  }
}
