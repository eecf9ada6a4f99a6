import {
  AssertionError,
  aclEntryBytes,
  aclTableBytesMin,
  type DataTree,
  NewState,
  nodeRecordBytes,
  readAclEntry,
  readSession,
  sessionsBytes,
} from '@zooid/core';
import { JuteReader, MalformedError, SNAP_SIGNATURE } from '@zooid/protocol';

/** What comes next, in the order of the stream. */
type Part = 'session-count' | 'sessions' | 'acl-count' | 'acls' | 'nodes' | 'signature' | 'end';

const COUNT_BYTES = 4;
const SIGNATURE_BYTES = 4 + SNAP_SIGNATURE.length;
/** Of a node record besides path and data, and of an entry of the ACL table besides its texts. */
const RECORD_OVERHEAD_BYTES = 128;

/**
 * The state that a leader sends behind a SNAP, read into a tree of its own as it arrives.
 *
 *     int n · n × session · int n · n × ACL entry · node records · "/" · "BenWasHere"
 *
 * Records that lie whole in a chunk are read where they are; at most one is held while it is not complete. Records are not compared
 * with anything: TCP's word is taken for them, as Apache's servers do. Source: LearnerHandler.run, Learner.syncWithLeader.
 *
 *     while (!receiver.push(chunk)) chunk = the next one;
 *     install(receiver.state); goOnWith(chunk.subarray(receiver.consumed));
 */
export class SnapshotReceiver {
  /** Bytes of the last chunk that belong to the snapshot: all of them until its end. */
  consumed = 0;
  /** Bytes read so far. */
  receivedBytes = 0;

  readonly #tree: DataTree;
  readonly #zxid: number;
  readonly #recordBytesMax: number;
  readonly #sessions = new Map<bigint, number>();
  readonly #reader = new JuteReader();
  /** Start of a record that earlier chunks left: [0, #heldBytes). */
  #held: Uint8Array = new Uint8Array(0);
  #heldBytes = 0;
  /** Bytes that must be at hand before reading goes on. */
  #neededBytes = COUNT_BYTES;
  #part: Part = 'session-count';
  /** Sessions, or entries of the ACL table, to come. */
  #left = 0;

  /**
   * @param tree - empty, made by `ServerCore.newTree`.
   * @param zxid - of the SNAP packet.
   * @param dataBytesMax - longest data and longest path to accept.
   */
  constructor(tree: DataTree, zxid: number, dataBytesMax: number) {
    this.#tree = tree;
    this.#zxid = zxid;
    this.#recordBytesMax = 2 * dataBytesMax + RECORD_OVERHEAD_BYTES;
    tree.clearForLoad();
  }

  /** Bytes held of a record that is not complete. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Takes what has arrived, which may change as soon as this returns.
   *
   * @returns whether the snapshot is whole: {@link state} has it, and {@link consumed} tells where it ended.
   * @throws MalformedError when it is none; then the receiver is of no use.
   */
  push(chunk: Uint8Array): boolean {
    this.consumed = chunk.byteLength;
    let bytes = chunk;
    let end = chunk.byteLength;
    if (this.#heldBytes > 0) {
      this.#hold(chunk, 0);
      bytes = this.#held;
      end = this.#heldBytes;
    }
    const reader = this.#reader;
    reader.reset(bytes, 0, end);
    const isWhole = this.#readOn(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    if (isWhole) this.consumed -= reader.remaining;
    else if (bytes === chunk) this.#hold(chunk, reader.position);
    else this.#shift(reader.position);
    this.receivedBytes += this.consumed;
    return isWhole;
  }

  /** What was received, once it is whole. */
  get state(): NewState {
    if (this.#part !== 'end') throw new Error('the snapshot is not whole yet');
    return new NewState(this.#tree, this.#zxid, this.#sessions);
  }

  #readOn(view: DataView): boolean {
    try {
      return this.#readParts(view);
    } catch (error) {
      // What the tree asserts of its records, these are not.
      if (error instanceof AssertionError) throw new MalformedError(error.message);
      throw error;
    }
  }

  #readParts(view: DataView): boolean {
    const reader = this.#reader;
    while (reader.remaining >= this.#neededBytes) {
      switch (this.#part) {
        case 'session-count':
          this.#left = reader.int();
          sessionsBytes(this.#left);
          this.#toSession();
          break;
        case 'sessions': {
          const { id, timeoutMs } = readSession(reader);
          this.#sessions.set(id, timeoutMs);
          this.#left--;
          this.#toSession();
          break;
        }
        case 'acl-count':
          this.#left = reader.int();
          aclTableBytesMin(this.#left);
          this.#toAcl();
          break;
        case 'acls': {
          const bytes = aclEntryBytes(view, reader.position, reader.end);
          if (bytes > reader.remaining) {
            this.#need(bytes);
            break;
          }
          const [id, acls] = readAclEntry(reader);
          this.#tree.acls.load(id, acls);
          this.#left--;
          this.#toAcl();
          break;
        }
        case 'nodes':
          if (this.#tree.loadNodes(reader)) {
            this.#tree.finishLoad();
            this.#toPart('signature', SIGNATURE_BYTES);
          } else {
            this.#need(nodeRecordBytes(view, reader.position, reader.end));
          }
          break;
        case 'signature':
          this.#readSignature();
          this.#toPart('end', 0);
          return true;
        case 'end':
          throw new Error('more is pushed after the end of the snapshot');
      }
    }
    return false;
  }

  #toSession(): void {
    if (this.#left > 0) this.#toPart('sessions', sessionsBytes(1));
    else this.#toPart('acl-count', COUNT_BYTES);
  }

  #toAcl(): void {
    if (this.#left > 0) this.#toPart('acls', aclTableBytesMin(1));
    else this.#toPart('nodes', COUNT_BYTES);
  }

  #toPart(part: Part, neededBytes: number): void {
    this.#part = part;
    this.#need(neededBytes);
  }

  #need(bytes: number): void {
    if (bytes > this.#recordBytesMax) {
      throw new MalformedError(`a record of ${bytes} bytes in a snapshot`);
    }
    this.#neededBytes = bytes;
  }

  #readSignature(): void {
    if (this.#reader.ustring() !== SNAP_SIGNATURE) {
      throw new MalformedError('a snapshot does not end as it should');
    }
  }

  /** Adds what of the chunk is from `start` on. */
  #hold(chunk: Uint8Array, start: number): void {
    const needed = this.#heldBytes + chunk.byteLength - start;
    if (needed > this.#held.byteLength) {
      // Doubling keeps the copying linear.
      const grown = new Uint8Array(needed * 2);
      grown.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = grown;
    }
    this.#held.set(chunk.subarray(start), this.#heldBytes);
    this.#heldBytes = needed;
  }

  /** Of the held bytes those before `start` are read. */
  #shift(start: number): void {
    if (start === 0) return;
    this.#held.copyWithin(0, start, this.#heldBytes);
    this.#heldBytes -= start;
  }
}
