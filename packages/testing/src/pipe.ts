import type { Socket } from 'node:net';
import { resetSocket } from './reset-socket.ts';

/** Bytes that wait in one direction, after which the sender is no longer read: it notices as on a full line. */
const WAITING_BYTES_MAX = 1024 * 1024;

/** What holds for one direction of all connections; changed in place. */
export interface LineState {
  delayMs: number;
  isSilent: boolean;
}

/** What goes through a pipe. `open` makes the connection, `end` and `reset` end it. */
type Parcel = Buffer | 'open' | 'end' | 'reset';

export interface PipeParts {
  readonly from: Socket;
  readonly to: Socket;
  readonly line: Readonly<LineState>;
  /** Connects `to`. */
  readonly open?: (() => void) | undefined;
  /** So many bytes were passed on. */
  readonly onPassed: (bytes: number) => void;
}

/**
 * One direction of one connection: what comes from one socket goes to the other, later or not at all. Ends and resets are
 * parcels like bytes, so silence and delay hold them, too.
 *
 * Invariant: parcels leave in the order in which they came.
 */
export class Pipe {
  readonly #parts: PipeParts;
  readonly #waiting: { readonly parcel: Parcel; readonly dueMs: number }[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  /** Bytes that may still pass. */
  #bytesLeft = Infinity;
  #onCut: (() => void) | undefined;

  constructor(parts: PipeParts) {
    this.#parts = parts;
    const { from, to } = parts;
    if (parts.open !== undefined) this.#take('open');
    from.on('data', (chunk: Buffer) => this.#take(chunk));
    from.on('end', () => this.#take('end'));
    from.on('error', () => this.#take('reset'));
    to.on('drain', () => this.#adjustReading());
  }

  /** After so many bytes nothing passes any more, and `onCut` is called, once. */
  cutAfter(bytes: number, onCut: () => void): void {
    this.#bytesLeft = bytes;
    this.#onCut = onCut;
    if (bytes === 0) this.#cut();
  }

  /** The line's state has changed. @param under - whether what is under way need not take its time any more. */
  update(under: 'delay kept' | 'delay lifted'): void {
    if (under === 'delay lifted') {
      for (const [at, { parcel }] of this.#waiting.entries()) {
        this.#waiting[at] = { parcel, dueMs: 0 };
      }
    }
    this.#flush();
  }

  /** Nothing passes any more; what comes is read and thrown away, so that the other side's end is seen. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.#adjustReading();
  }

  #take(parcel: Parcel): void {
    if (this.#isStopped) return;
    const { delayMs } = this.#parts.line;
    const dueMs = delayMs === 0 ? 0 : performance.now() + delayMs;
    // Whatever it is due: only the first one leaves.
    this.#waiting.push({ parcel, dueMs });
    if (typeof parcel !== 'string') this.#waitingBytes += parcel.byteLength;
    this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (this.#parts.line.isSilent) break;
      const leftMs = first.dueMs === 0 ? 0 : first.dueMs - performance.now();
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.#flush(), Math.ceil(leftMs));
        break;
      }
      this.#waiting.shift();
      if (typeof first.parcel !== 'string') this.#waitingBytes -= first.parcel.byteLength;
      this.#pass(first.parcel);
    }
    this.#adjustReading();
  }

  #pass(parcel: Parcel): void {
    const { to, open, onPassed } = this.#parts;
    if (to.destroyed) return;
    switch (parcel) {
      case 'open':
        open?.();
        return;
      case 'end':
        to.end();
        return;
      case 'reset':
        resetSocket(to);
        return;
      default: {
        const bytes = parcel.subarray(0, this.#bytesLeft);
        this.#bytesLeft -= bytes.byteLength;
        to.write(bytes);
        onPassed(bytes.byteLength);
        if (this.#bytesLeft === 0) this.#cut();
      }
    }
  }

  #cut(): void {
    const onCut = this.#onCut;
    this.#onCut = undefined;
    onCut?.();
  }

  #adjustReading(): void {
    const { from, to } = this.#parts;
    const isFull =
      this.#waitingBytes > WAITING_BYTES_MAX || (to.writableNeedDrain && !to.destroyed);
    if (isFull && !this.#isStopped) from.pause();
    else if (from.isPaused()) from.resume();
  }
}
