import {
  decodeUtf8,
  ErrorCode,
  encodeAcls,
  type JuteReader,
  type JuteWriter,
  OpCode,
  openAcl,
  Permission,
} from '@zooid/protocol';
import type { AccessRules } from '../auth/access-rules.ts';
import type { Client } from '../client.ts';
import { limits } from '../limits.ts';
import type { Meter } from '../outbox.ts';
import type { DataTree } from '../tree/data-tree.ts';
import type { WatchTable } from '../watch/watch-table.ts';

const NULL_PATH = -2;

/** Nothing, or the root, among what Java's `String.trim` takes away: everything up to the space, and no more. */
const allPrefix = /^[\0-\x20]*\/?[\0-\x20]*$/;

/**
 * Answers from the tree: every request that changes nothing but watches. Each method reads its body,
 * writes the body of the reply and returns the code; with a code other than ok nothing it wrote counts.
 *
 * Source: FinalRequestProcessor.
 */
export class Reads {
  readonly #tree: DataTree;
  readonly #watches: WatchTable<Client>;
  readonly #access: AccessRules;
  readonly #meter: Meter;

  constructor(parts: {
    readonly tree: DataTree;
    readonly watches: WatchTable<Client>;
    readonly access: AccessRules;
    readonly meter: Meter;
  }) {
    this.#tree = parts.tree;
    this.#watches = parts.watches;
    this.#access = parts.access;
    this.#meter = parts.meter;
  }

  getData(client: Client, reader: JuteReader, out: JuteWriter): ErrorCode {
    const length = reader.span();
    const start = reader.spanStart;
    const watch = reader.boolean();
    if (length < 0) return ErrorCode.marshallingError;
    const row = this.#tree.find(reader.bytes, start, start + length);
    if (row < 0) return ErrorCode.noNode;
    if (!this.#allows(client, row, Permission.read)) return ErrorCode.noAuth;
    const bodyStart = out.length;
    this.#tree.writeData(row, out);
    const dataBytes = out.length - bodyStart - 4;
    this.#tree.writeStat(row, out);
    this.#meter.onZnodeRead(reader.bytes, start, start + length, dataBytes);
    if (watch) this.#watches.addData(decodeUtf8(reader.bytes, start, start + length), client);
    return ErrorCode.ok;
  }

  /** Leaves its watch also where there is no znode: the watch then waits for the creation. */
  exists(client: Client, reader: JuteReader, out: JuteWriter): ErrorCode {
    const length = reader.span();
    const start = reader.spanStart;
    const end = start + length;
    const watch = reader.boolean();
    if (length < 0) return ErrorCode.marshallingError;
    const { bytes } = reader;
    for (let i = start; i < end; i++) if (bytes[i] === 0) return ErrorCode.badArguments;
    const row = this.#tree.find(bytes, start, end);
    if (row >= 0 && !this.#allows(client, row, Permission.read)) return ErrorCode.noAuth;
    if (watch) this.#watches.addData(decodeUtf8(bytes, start, end), client);
    if (row < 0) return ErrorCode.noNode;
    this.#tree.writeStat(row, out);
    this.#meter.onZnodeRead(bytes, start, end, 0);
    return ErrorCode.ok;
  }

  getChildren(
    client: Client,
    reader: JuteReader,
    out: JuteWriter,
    op: typeof OpCode.getChildren | typeof OpCode.getChildren2,
  ): ErrorCode {
    const length = reader.span();
    const start = reader.spanStart;
    const watch = reader.boolean();
    if (length < 0) return ErrorCode.marshallingError;
    const row = this.#tree.find(reader.bytes, start, start + length);
    if (row < 0) return ErrorCode.noNode;
    if (!this.#allows(client, row, Permission.read)) return ErrorCode.noAuth;
    const bodyStart = out.length;
    this.#tree.writeChildNames(row, out);
    // Four bytes for the count, and four for the length of each name, are not names.
    const nameBytes = out.length - bodyStart - 4 - 4 * this.#tree.childCount(row);
    this.#meter.onZnodeRead(reader.bytes, start, start + length, nameBytes);
    if (op === OpCode.getChildren2) this.#tree.writeStat(row, out);
    if (watch) this.#watches.addChild(decodeUtf8(reader.bytes, start, start + length), client);
    return ErrorCode.ok;
  }

  /** Shows digests only to those who may change the ACL (CVE-2019-0201). */
  getAcl(client: Client, reader: JuteReader, out: JuteWriter): ErrorCode {
    const row = this.#findRow(reader);
    if (row === NULL_PATH) return ErrorCode.marshallingError;
    if (row < 0) return ErrorCode.noNode;
    if (!this.#allows(client, row, Permission.read | Permission.admin)) return ErrorCode.noAuth;
    const acls = this.#tree.acls.get(this.#tree.aclId(row));
    const mayChange = this.#allows(client, row, Permission.admin);
    encodeAcls(out, mayChange ? acls : this.#access.mask(acls));
    this.#tree.writeStat(row, out);
    return ErrorCode.ok;
  }

  getAllChildrenNumber(client: Client, reader: JuteReader, out: JuteWriter): ErrorCode {
    const row = this.#findRow(reader);
    if (row === NULL_PATH) return ErrorCode.marshallingError;
    if (row < 0) return ErrorCode.noNode;
    if (!this.#allows(client, row, Permission.read)) return ErrorCode.noAuth;
    // Apache counts "/" itself below the empty path.
    const isEmptyPath = reader.position === reader.spanStart;
    out.int(this.#tree.descendantCount(row) + (isEmptyPath ? 1 : 0));
    return ErrorCode.ok;
  }

  /** The session's own ephemerals whose path starts with the prefix: `/a` also finds `/ab`. */
  getEphemerals(client: Client, reader: JuteReader, out: JuteWriter): ErrorCode {
    const prefix = reader.ustring();
    const isAll = prefix === null || allPrefix.test(prefix);
    const paths: string[] = [];
    const rows =
      client.session === undefined ? undefined : this.#tree.ephemeralsOf(client.session.id);
    for (const row of rows ?? []) {
      const path = this.#tree.path(row);
      if (isAll || path.startsWith(prefix)) paths.push(path);
    }
    out.texts(paths);
    return ErrorCode.ok;
  }

  whoAmI(client: Client, out: JuteWriter): ErrorCode {
    const infos = this.#access.clientInfos(client.ids);
    out.int(infos.length);
    for (const info of infos) {
      out.ustring(info.authScheme);
      out.ustring(info.user);
    }
    return ErrorCode.ok;
  }

  /** Reads in one request; each has its own code, and none leaves a watch. Source: MultiOperationRecord. */
  multiRead(client: Client, reader: JuteReader, out: JuteWriter): ErrorCode {
    const start = out.length;
    for (;;) {
      if (out.length - start > limits.multiReadBytesMax) return ErrorCode.marshallingError;
      const op = reader.int();
      const isDone = reader.boolean();
      reader.int();
      if (isDone) break;
      const mark = out.length;
      out.int(op);
      out.boolean(false);
      out.int(ErrorCode.ok);
      const row = this.#findRow(reader);
      reader.boolean();
      let code: ErrorCode = ErrorCode.ok;
      if (op !== OpCode.getData && op !== OpCode.getChildren) return ErrorCode.marshallingError;
      if (row === NULL_PATH) return ErrorCode.marshallingError;
      if (row < 0) {
        code = ErrorCode.noNode;
      } else if (!this.#allows(client, row, Permission.read)) {
        code = ErrorCode.noAuth;
      } else if (op === OpCode.getData) {
        this.#tree.writeData(row, out);
        this.#tree.writeStat(row, out);
      } else {
        this.#tree.writeChildNames(row, out);
      }
      if (code !== ErrorCode.ok) {
        out.truncate(mark);
        out.int(OpCode.error);
        out.boolean(false);
        out.int(code);
        out.int(code);
      }
    }
    out.int(-1);
    out.boolean(true);
    out.int(-1);
    return ErrorCode.ok;
  }

  /** -1 when there is no such znode, {@link NULL_PATH} when there is no path. */
  #findRow(reader: JuteReader): number {
    const length = reader.span();
    return length < 0
      ? NULL_PATH
      : this.#tree.find(reader.bytes, reader.spanStart, reader.spanStart + length);
  }

  #allows(client: Client, row: number, permission: number): boolean {
    const acls = this.#tree.acls.get(this.#tree.aclId(row));
    return acls === openAcl || this.#access.allows(acls, permission, client.ids);
  }
}
