/**
 * One snapshot file, znode by znode, for those who look inside of it: the file tools. Reads as the loader does, in
 * a window; nothing of a znode is kept. Sessions and ACLs are kept, for the file has them in front and the znodes refer
 * to them.
 */

import {
  aclTableBytesMin,
  readAclEntry,
  readSession,
  readSnapshotHeader,
  readSnapshotTail,
  SNAPSHOT_HEADER_BYTES,
  type SnapshotSession,
  type SnapshotTail,
  sessionsBytes,
} from '@zooid/core';
import { type Acl, decodeSnapshotZnode, MalformedError, type SnapshotZnode } from '@zooid/protocol';
import type { SnapshotName } from './disk-names.ts';
import { SealedSum } from './snapshot-check.ts';
import { TAIL_BYTES_MAX, Window } from './snapshot-loader.ts';
import { type ByteSource, openSnapshotSource } from './snapshot-source.ts';

/** Where a snapshot cannot be read on. */
export class SnapshotDamage extends Error {
  override readonly name = 'SnapshotDamage';
  /** Of the uncompressed bytes: where the part begins that is no snapshot's. */
  readonly offset: number;
  /** Whether the bytes are those that were written: then it was a broken server that wrote them. */
  readonly checksum: 'matches' | 'differs';

  constructor(offset: number, checksum: 'matches' | 'differs', cause: MalformedError) {
    super(cause.message, { cause });
    this.offset = offset;
    this.checksum = checksum;
  }
}

/** One pass over a snapshot: {@link open}, {@link znodes}, {@link finish}, {@link close}. */
export class SnapshotScan {
  /** Live sessions, in the order of the file. */
  readonly sessions: SnapshotSession[] = [];
  /** The lists that znodes refer to, besides the open one, which has no entry. */
  readonly acls: Map<bigint, readonly Acl[]> = new Map();
  readonly #source: CountingSource;
  readonly #sum = new SealedSum();
  readonly #window: Window;
  #partOffset = 0;

  private constructor(name: SnapshotName) {
    this.#source = new CountingSource(openSnapshotSource(name.path, name.compression));
    this.#window = new Window(this.#source, this.#sum);
  }

  /**
   * Opens a file and reads what stands before the znodes.
   *
   * @throws SnapshotDamage if it is no snapshot, or cannot be read so far; a system error if the file cannot be read.
   */
  static open(name: SnapshotName): SnapshotScan {
    let scan: SnapshotScan;
    try {
      scan = new SnapshotScan(name);
    } catch (error) {
      if (error instanceof MalformedError) throw new SnapshotDamage(0, 'differs', error);
      throw error;
    }
    try {
      scan.#guard(() => scan.#readHead());
      return scan;
    } catch (error) {
      scan.close();
      throw error;
    }
  }

  /** Bytes read so far, uncompressed. */
  get position(): number {
    return this.#source.count - this.#window.reader.remaining;
  }

  /**
   * The next znode; undefined at the end of them. Its data is valid until the next call.
   *
   * @throws SnapshotDamage
   */
  next(): SnapshotZnode | undefined {
    return this.#guard(() => {
      this.#window.needNode();
      return decodeSnapshotZnode(this.#window.reader);
    });
  }

  /** The znodes in the order of the file. */
  *znodes(): Generator<SnapshotZnode, void> {
    for (;;) {
      const znode = this.next();
      if (znode === undefined) return;
      yield znode;
    }
  }

  /**
   * Reads what follows the znodes, after the last of them, and compares the checksum.
   *
   * @throws SnapshotDamage
   */
  finish(): SnapshotTail {
    return this.#guard(() => {
      this.#window.fill(TAIL_BYTES_MAX);
      const tail = readSnapshotTail(this.#window.reader);
      this.#sum.verify();
      return tail;
    });
  }

  close(): void {
    this.#source.close();
  }

  #readHead(): void {
    const window = this.#window;
    window.need(SNAPSHOT_HEADER_BYTES + 4);
    readSnapshotHeader(window.reader);
    const sessionCount = window.reader.int();
    sessionsBytes(sessionCount);
    // One by one: a count that is damaged must not make the window large.
    for (let i = 0; i < sessionCount; i++) {
      window.need(sessionsBytes(1));
      this.sessions.push(readSession(window.reader));
    }
    window.need(4);
    const aclCount = window.reader.int();
    aclTableBytesMin(aclCount);
    for (let i = 0; i < aclCount; i++) {
      const [id, acl] = window.retry(readAclEntry);
      this.acls.set(BigInt(id), acl);
    }
  }

  /** Damage is told with its place, and with what the checksum says of the whole file. */
  #guard<T>(read: () => T): T {
    this.#partOffset = this.position;
    try {
      return read();
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      throw new SnapshotDamage(this.#partOffset, this.#checksum(), error);
    }
  }

  #checksum(): 'matches' | 'differs' {
    try {
      while (this.#window.skip());
      this.#sum.verify();
      return 'matches';
    } catch {
      return 'differs';
    }
  }
}

/** Knows how many bytes went through it. */
class CountingSource implements ByteSource {
  count = 0;
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  read(target: Uint8Array, offset: number, length: number): number {
    const got = this.#source.read(target, offset, length);
    this.count += got;
    return got;
  }

  close(): void {
    this.#source.close();
  }
}
