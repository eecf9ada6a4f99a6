import type { Socket } from 'node:net';
import {
  decodeNotification,
  FrameSplitter,
  JuteReader,
  MalformedError,
  NOTIFICATION_BYTES_MAX,
  type Notification,
} from '@zooid/protocol';

export interface ElectionConnectionEvents {
  onNotification(notification: Notification): void;
  /** Gone, whoever ended it. */
  onClosed(): void;
  /** What came is no notification; {@link onClosed} follows. */
  onMalformed(message: string): void;
}

/** An election connection to a known server: notifications in, and out the newest one. */
export class ElectionConnection {
  readonly #socket: Socket;
  readonly #events: ElectionConnectionEvents;
  readonly #nowMs: () => number;
  readonly #frames = new FrameSplitter(NOTIFICATION_BYTES_MAX);
  /** Something is on its way to the kernel. */
  #isWriting = false;
  /** What goes next: whatever waited here before is out of date. */
  #pending: Uint8Array | undefined;
  /** Monotonic ms; when the first was sent of those that nothing was heard after. */
  #unansweredMs: number | undefined;

  /** @param nowMs - monotonic. */
  constructor(socket: Socket, events: ElectionConnectionEvents, nowMs: () => number) {
    this.#socket = socket;
    this.#events = events;
    this.#nowMs = nowMs;
    socket.on('data', (chunk: Uint8Array) => this.take(chunk));
    socket.on('error', () => {}); // The end follows and says enough.
    socket.on('close', () => events.onClosed());
  }

  /** Takes what has arrived. */
  take(chunk: Uint8Array): void {
    if (this.#socket.destroyed) return;
    const frames = this.#frames;
    this.#unansweredMs = undefined;
    frames.push(chunk);
    while (frames.next()) {
      const reader = new JuteReader();
      reader.reset(frames.bytes, frames.frameStart, frames.frameEnd);
      let notification: Notification;
      try {
        notification = decodeNotification(reader);
      } catch (error) {
        if (!(error instanceof MalformedError)) throw error;
        this.#refuse(error.message);
        return;
      }
      this.#events.onNotification(notification);
      if (this.#socket.destroyed) return;
    }
    if (frames.isRefused) this.#refuse(`a notification of ${frames.refusedLength} bytes`);
  }

  /** Sends a notification with its length in front; of several that must wait only the last one goes. */
  send(frame: Uint8Array): void {
    this.#unansweredMs ??= this.#nowMs();
    if (this.#isWriting) {
      this.#pending = frame;
      return;
    }
    this.#isWriting = true;
    this.#socket.write(frame, () => {
      this.#isWriting = false;
      const next = this.#pending;
      this.#pending = undefined;
      if (next !== undefined && !this.#socket.destroyed) this.send(next);
    });
  }

  /** For how long nothing was heard since something was sent, ms; 0 when nothing is open. */
  get unansweredMs(): number {
    return this.#unansweredMs === undefined ? 0 : this.#nowMs() - this.#unansweredMs;
  }

  /** Ends it at once. */
  close(): void {
    this.#socket.destroy();
  }

  /** Another one has taken its place: the other side may end it, within this time. */
  retire(timeoutMs: number): void {
    this.#socket.setTimeout(timeoutMs, () => this.#socket.destroy());
  }

  #refuse(message: string): void {
    this.#events.onMalformed(message);
    this.#socket.destroy();
  }
}
