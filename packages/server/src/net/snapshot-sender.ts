import type { Socket } from 'node:net';
import { setImmediate as onNextRound } from 'node:timers';
import { type SnapshotHead, writeSessionsAndAcls } from '@zooid/core';
import { JuteWriter, SNAP_SIGNATURE } from '@zooid/protocol';
import type { ImageSlices } from '../disk/snapshot-store.ts';

/** Bytes asked of the tree at a time: about 1 ms of the event loop. */
const SLICE_BYTES = 256 * 1024;
/**
 * Between slices the event loop is left to requests: for this many times as long as the slice took when the loop is busy all
 * the time, less when it is not. A learner that waits costs more than a file that does: of it a quorum may depend.
 */
const REST_FACTOR_MAX = 2;

/**
 * Sends the state of one moment to a learner, behind a SNAP, in slices: as fast as the other side takes them, and without holding
 * up the event loop.
 *
 *     int n · n × session · int n · n × ACL entry · node records · "/" · "BenWasHere"
 *
 * Whatever else is for the learner must wait until `onEnd`. Source: LearnerHandler.run, ZKDatabase.serializeSnapshot.
 */
export class SnapshotSender {
  /** Takes what the image writes: slices when asked, and pre-images whenever the tree changes. */
  readonly out: JuteWriter = new JuteWriter(SLICE_BYTES + 64 * 1024);

  readonly #socket: Socket;
  readonly #onEnd: (outcome: 'sent' | 'given-up') => void;
  #image: ImageSlices | undefined;
  /** What left {@link out} and is on its way. Used again, for garbage of this size is collected at the cost of milliseconds. */
  #copy = new Uint8Array(0);
  #rest: NodeJS.Timeout | undefined;
  #isOver = false;
  #loop = performance.eventLoopUtilization();

  /** @param onEnd - called once, never before {@link start} has returned. */
  constructor(socket: Socket, head: SnapshotHead, onEnd: (outcome: 'sent' | 'given-up') => void) {
    this.#socket = socket;
    this.#onEnd = onEnd;
    writeSessionsAndAcls(this.out, head.sessions, head.acls);
  }

  /** @param image - of the same moment as the head, with {@link out} as its writer. */
  start(image: ImageSlices): void {
    this.#image = image;
    onNextRound(() => this.#sendSlice());
  }

  /** Gives it up: the learner has half a snapshot, so its connection must end. No effect once it is over. */
  abandon(): void {
    if (this.#isOver) return;
    this.#image?.abandon();
    this.#end('given-up');
  }

  #sendSlice(): void {
    const image = this.#image;
    if (this.#isOver || image === undefined) return;
    const startedMs = performance.now();
    // How busy others kept the event loop since the last slice.
    const { utilization } = performance.eventLoopUtilization(this.#loop);
    // Pre-images that came meanwhile count for the slice: the work of one round stays bounded.
    const isLast = image.writeSlice(Math.max(4096, SLICE_BYTES - this.out.length));
    if (isLast) this.out.ustring(SNAP_SIGNATURE);
    const bytes = this.#takeOut();
    const endedMs = performance.now();
    this.#loop = performance.eventLoopUtilization();
    const dueMs = endedMs + (endedMs - startedMs) * REST_FACTOR_MAX * utilization;
    this.#socket.write(bytes, (error) => {
      if (this.#isOver) return;
      if (error !== null && error !== undefined) this.abandon();
      else if (isLast) this.#end('sent');
      else this.#goOnAt(dueMs);
    });
  }

  #goOnAt(dueMs: number): void {
    const restMs = dueMs - performance.now();
    if (restMs >= 1) this.#rest = setTimeout(() => this.#sendSlice(), restMs);
    else onNextRound(() => this.#sendSlice());
  }

  /** Copies what the writer holds: it takes pre-images while the copy is on its way. */
  #takeOut(): Uint8Array {
    const { out } = this;
    const { length } = out;
    if (this.#copy.byteLength < length)
      this.#copy = new Uint8Array(Math.max(length, SLICE_BYTES * 2));
    this.#copy.set(out.view());
    out.clear();
    return this.#copy.subarray(0, length);
  }

  #end(outcome: 'sent' | 'given-up'): void {
    this.#isOver = true;
    clearTimeout(this.#rest);
    this.#image = undefined;
    this.#onEnd(outcome);
  }
}
