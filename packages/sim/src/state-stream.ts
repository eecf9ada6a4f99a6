/**
 * A whole state as bytes, as a leader sends it behind a SNAP packet and as a simulated disk keeps it:
 *
 *     sessions · ACLs · znodes · ustring "/"          the snapshot format without header and seals
 *
 * On the wire the text `BenWasHere` follows. Source: LearnerHandler.run, SerializeUtils.serializeSnapshot.
 */

import {
  aclTableBytesMin,
  type DataTree,
  readAclEntry,
  readSession,
  type ServerCore,
  SNAPSHOT_HEADER_BYTES,
  sessionsBytes,
  writeSnapshotHead,
} from '@zooid/core';
import { JuteReader, JuteWriter, MalformedError } from '@zooid/protocol';

const SIGNATURE = 'BenWasHere';

const stateWriter = new JuteWriter(64 * 1024);

/** The state of this moment. */
export function encodeState(core: ServerCore): Uint8Array {
  const head = core.snapshotHead();
  const out = stateWriter;
  out.clear();
  writeSnapshotHead(out, head.sessions, head.acls);
  const image = core.beginImage(out);
  while (!image.writeSlice(1 << 20));
  return out.bytes.slice(SNAPSHOT_HEADER_BYTES, out.length);
}

/** What ends the state on the wire. */
export function encodeSignature(): Uint8Array {
  const out = new JuteWriter(16);
  out.ustring(SIGNATURE);
  return out.copy();
}

/** Loads a state that is all there into a tree. @returns the sessions. @throws MalformedError when it is cut short. */
export function decodeState(reader: JuteReader, tree: DataTree): Map<bigint, number> {
  const sessionCount = reader.int();
  if (sessionsBytes(sessionCount) > reader.remaining) throw new MalformedError('cut short');
  const sessions = new Map<bigint, number>();
  for (let i = 0; i < sessionCount; i++) {
    const { id, timeoutMs } = readSession(reader);
    sessions.set(id, timeoutMs);
  }
  tree.clearForLoad();
  const aclCount = reader.int();
  if (aclTableBytesMin(aclCount) > reader.remaining) throw new MalformedError('cut short');
  for (let i = 0; i < aclCount; i++) {
    const [id, acls] = readAclEntry(reader);
    tree.acls.load(id, acls);
  }
  if (!tree.loadNodes(reader)) throw new MalformedError('cut short');
  tree.finishLoad();
  return sessions;
}

/** Gathers what follows a SNAP packet, until all of it is there. */
export class StateReceiver {
  #bytes: Buffer = Buffer.alloc(0);

  push(chunk: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
  }

  /** Loads the state into a tree, once all of it has arrived. @returns what follows it in the stream, too. */
  tryLoad(
    newTree: () => DataTree,
  ):
    | { readonly tree: DataTree; readonly sessions: Map<bigint, number>; readonly rest: Uint8Array }
    | undefined {
    // No client of the simulator writes this text, so the first one is the end; a tree for each attempt would be dear.
    if (!this.#bytes.includes(SIGNATURE)) return undefined;
    const reader = new JuteReader(this.#bytes);
    const tree = newTree();
    const sessions = decodeState(reader, tree);
    if (reader.text() !== SIGNATURE) throw new Error('a state without its signature');
    return { tree, sessions, rest: this.#bytes.subarray(reader.position) };
  }
}
