/**
 * One snapshot file into the tree. Reads through a window of a few megabytes; node records are handed to
 * the tree where they lie.
 */

import {
  aclTableBytesMin,
  nodeRecordBytes,
  readAclEntry,
  readSession,
  readSnapshotHeader,
  readSnapshotTail,
  SNAPSHOT_HEADER_BYTES,
  type SnapshotSession,
  type SnapshotTail,
  sessionsBytes,
} from '@zooid/core';
import { type Acl, JuteReader, MalformedError } from '@zooid/protocol';
import type { SnapshotName } from './disk-names.ts';
import { SealedSum } from './snapshot-check.ts';
import { type ByteSource, openSnapshotSource } from './snapshot-source.ts';

/**
 * The window begins small, for most snapshots are, and grows up to this, or to hold one record. It shares the
 * second cache (1 MB) with what the tree is busy with.
 */
const WINDOW_BYTES_MAX = 256 * 1024;
const WINDOW_BYTES_MIN = 64 * 1024;
/** More than any seals, digest and zxid after the nodes. */
export const TAIL_BYTES_MAX = 256;

/** What loading needs of the tree. */
export interface LoadableTree {
  readonly acls: { load(id: number, acls: readonly Acl[]): void };
  /** The digest of all znodes as an unsigned 64-bit number. */
  readonly digest: bigint;
  clearForLoad(): void;
  /** Whether it would take memory to load into; see {@link MemoryWarmer}. */
  readonly wantsMemory: boolean;
  provideMemory(block: ArrayBuffer): void;
  /** Takes the node records that are whole, and what ends them; true if that was there. */
  loadNodes(reader: JuteReader): boolean;
  finishLoad(): void;
}

export interface LoadedSnapshot {
  readonly sessions: readonly SnapshotSession[];
  readonly tail: SnapshotTail;
}

/**
 * Loads and verifies a file in one pass: to read it twice would take a tenth more time. So what the tree
 * holds counts only when this has returned. Yields every millisecond or so; nobody else may touch the tree meanwhile.
 *
 * @throws MalformedError if the file is no whole snapshot; the tree must be cleared before it is used.
 */
export function* loadSnapshot(
  snapshot: SnapshotName,
  tree: LoadableTree,
): Generator<void, LoadedSnapshot> {
  const source = openSnapshotSource(snapshot.path, snapshot.compression);
  const sum = new SealedSum();
  const window = new Window(source, sum);
  try {
    const loaded = yield* load(window, tree);
    sum.verify();
    return loaded;
  } catch (error) {
    // Whatever damaged bytes led to: that they are damaged is the reason.
    while (window.skip()) yield;
    sum.verify();
    throw error;
  } finally {
    source.close();
  }
}

function* load(window: Window, tree: LoadableTree): Generator<void, LoadedSnapshot> {
  const { reader } = window;
  window.need(SNAPSHOT_HEADER_BYTES + 4);
  readSnapshotHeader(reader);
  const sessions = readSessions(window);
  tree.clearForLoad();
  loadAcls(window, tree);
  while (!tree.loadNodes(reader)) {
    window.needNode();
    yield;
  }
  tree.finishLoad();
  window.fill(TAIL_BYTES_MAX);
  return { sessions, tail: readSnapshotTail(reader) };
}

function readSessions(window: Window): SnapshotSession[] {
  const count = window.reader.int();
  window.need(sessionsBytes(count));
  const sessions: SnapshotSession[] = [];
  for (let i = 0; i < count; i++) sessions.push(readSession(window.reader));
  return sessions;
}

function loadAcls(window: Window, tree: LoadableTree): void {
  window.need(4);
  const count = window.reader.int();
  window.need(aclTableBytesMin(count));
  for (let i = 0; i < count; i++) {
    const [id, acls] = window.retry(readAclEntry);
    tree.acls.load(id, acls);
  }
}

/** A reader over a part of the file that moves on; it grows only as far as bytes really arrive. */
export class Window {
  readonly reader: JuteReader = new JuteReader();
  readonly #source: ByteSource;
  /** Gets every byte that is read. */
  readonly #sum: SealedSum;
  #bytes = new Uint8Array(WINDOW_BYTES_MIN);
  #view = new DataView(this.#bytes.buffer);
  #isAtEnd = false;

  constructor(source: ByteSource, sum: SealedSum) {
    this.#source = source;
    this.#sum = sum;
    this.reader.reset(this.#bytes, 0, 0);
  }

  /** Makes sure that `count` bytes can be read. @throws MalformedError if the file ends before. */
  need(count: number): void {
    if (this.reader.remaining < count) this.fill(count);
    if (this.reader.remaining < count)
      throw new MalformedError('it ends in the middle of a record');
  }

  /** Makes sure that the whole node record at the position can be read. */
  needNode(): void {
    const { reader } = this;
    for (;;) {
      const count = nodeRecordBytes(this.#view, reader.position, reader.end);
      if (count <= reader.remaining) return;
      this.need(count);
    }
  }

  /** Reads a record whose length does not show beforehand: again with more bytes, if they were too few. */
  retry<T>(read: (reader: JuteReader) => T): T {
    for (;;) {
      const { position } = this.reader;
      try {
        return read(this.reader);
      } catch (error) {
        if (!(error instanceof MalformedError) || this.#isAtEnd) throw error;
        this.reader.position = position;
        this.fill(Math.max(this.reader.remaining * 2, 1024));
      }
    }
  }

  /** Reads on until at least `count` bytes are at hand or the file ends. */
  fill(count: number): void {
    const { reader } = this;
    const wasFull = reader.end === this.#bytes.byteLength;
    this.#bytes.copyWithin(0, reader.position, reader.end);
    let end = reader.remaining;
    if (wasFull && this.#bytes.byteLength < WINDOW_BYTES_MAX) this.#grow(end);
    while (end < count && !this.#isAtEnd) {
      if (end === this.#bytes.byteLength) this.#grow(end);
      const got = this.#source.read(this.#bytes, end, this.#bytes.byteLength - end);
      if (got === 0) this.#isAtEnd = true;
      this.#sum.add(this.#bytes, end, end + got);
      end += got;
    }
    reader.reset(this.#bytes, 0, end);
  }

  /** Reads on and keeps nothing. @returns false at the end of the file. */
  skip(): boolean {
    this.reader.position = this.reader.end;
    this.fill(1);
    return !this.#isAtEnd;
  }

  #grow(used: number): void {
    const grown = new Uint8Array(this.#bytes.byteLength * 2);
    grown.set(this.#bytes.subarray(0, used));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
