import { JuteWriter, OpCode } from '@zooid/protocol';

/** Where the xid of a request frame lies: behind the length of the frame. */
export const XID_OFFSET = 4;

/** Create flags: 0 is a persistent znode. Source: CreateMode. */
const PERSISTENT = 0;
const ANY_VERSION = -1;
const ALL_PERMISSIONS = 31;

/** Appends a frame `int length | int xid | int op | body` to `writer`. */
function writeFrame(writer: JuteWriter, xid: number, op: number, body: () => void): void {
  const mark = writer.startFrame();
  writer.int(xid);
  writer.int(op);
  body();
  writer.endFrame(mark);
}

/** The first frame of a connection, for a new session; `readOnly` is sent as all clients since 3.4 do. */
export function connectFrame(sessionTimeoutMs: number): Uint8Array {
  const writer = new JuteWriter(64);
  const mark = writer.startFrame();
  writer.int(0); // protocol version
  writer.longFromNumber(0); // last zxid seen
  writer.int(sessionTimeoutMs);
  writer.longFromNumber(0); // session id: a new one
  writer.buffer(new Uint8Array(16)); // password
  writer.boolean(false); // read-only allowed
  writer.endFrame(mark);
  return writer.copy();
}

/** Appends `getData`. */
export function writeGetData(
  writer: JuteWriter,
  xid: number,
  path: string,
  watch: 'watch' | 'no-watch',
): void {
  writeFrame(writer, xid, OpCode.getData, () => {
    writer.ustring(path);
    writer.boolean(watch === 'watch');
  });
}

/** Appends `exists` without a watch. */
export function writeExists(writer: JuteWriter, xid: number, path: string): void {
  writeFrame(writer, xid, OpCode.exists, () => {
    writer.ustring(path);
    writer.boolean(false);
  });
}

/** Appends `getChildren` without a watch. */
export function writeGetChildren(writer: JuteWriter, xid: number, path: string): void {
  writeFrame(writer, xid, OpCode.getChildren, () => {
    writer.ustring(path);
    writer.boolean(false);
  });
}

/** Appends `setData` for any version. */
export function writeSetData(
  writer: JuteWriter,
  xid: number,
  path: string,
  value: Uint8Array,
): void {
  writeFrame(writer, xid, OpCode.setData, () => {
    writer.ustring(path);
    writer.buffer(value);
    writer.int(ANY_VERSION);
  });
}

/** Appends `create` of a persistent znode that anyone may use. */
export function writeCreate(
  writer: JuteWriter,
  xid: number,
  path: string,
  value: Uint8Array,
): void {
  writeFrame(writer, xid, OpCode.create, () => {
    writer.ustring(path);
    writer.buffer(value);
    writer.int(1);
    writer.int(ALL_PERMISSIONS);
    writer.ustring('world');
    writer.ustring('anyone');
    writer.int(PERSISTENT);
  });
}

/** Appends `delete` for any version. */
export function writeDelete(writer: JuteWriter, xid: number, path: string): void {
  writeFrame(writer, xid, OpCode.delete, () => {
    writer.ustring(path);
    writer.int(ANY_VERSION);
  });
}

/** Appends `sync`. */
export function writeSync(writer: JuteWriter, xid: number, path: string): void {
  writeFrame(writer, xid, OpCode.sync, () => writer.ustring(path));
}

/** A frame that ends the session. */
export function closeSessionFrame(xid: number): Uint8Array {
  const writer = new JuteWriter(16);
  writeFrame(writer, xid, OpCode.closeSession, () => {});
  return writer.copy();
}
