import type { Socket } from 'node:net';
import {
  decodeInitialMessage,
  findInitialMessageEnd,
  INITIAL_MESSAGE_ADDRESS_BYTES_MAX,
  type InitialMessage,
  JuteReader,
  MalformedError,
} from '@zooid/protocol';

export interface ElectionGreetingEvents {
  /**
   * The other side said who it is. The socket has no listeners of the greeting any more.
   *
   * @param rest - what it sent behind that: a copy.
   */
  onGreeted(message: InitialMessage, rest: Uint8Array): void;
  /** It did not, and the socket is gone. No message: it never said a thing, as those do that only look whether a port is open. */
  onFailed(message: string | undefined): void;
}

const GREETING_BYTES_MAX = 20 + INITIAL_MESSAGE_ADDRESS_BYTES_MAX;

/** A connection to the election port that has not yet said whose it is. One event follows, unless it is given up. */
export class ElectionGreeting {
  readonly #socket: Socket;
  readonly #events: ElectionGreetingEvents;
  readonly #timer: NodeJS.Timeout;
  #bytes: Uint8Array = new Uint8Array(0);
  readonly #onData = (chunk: Uint8Array) => this.#take(chunk);
  readonly #onError = (error: Error) => this.fail(error.message);
  readonly #onClose = () => {
    const isSilent = this.#bytes.byteLength === 0;
    this.fail(isSilent ? undefined : 'it was closed before it said who it is');
  };

  /** @param timeoutMs - it must have said everything by then. */
  constructor(socket: Socket, timeoutMs: number, events: ElectionGreetingEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#timer = setTimeout(
      () => this.fail(`it did not say who it is within ${timeoutMs} ms`),
      timeoutMs,
    );
    socket.on('data', this.#onData).on('error', this.#onError).on('close', this.#onClose);
  }

  /** Ends it and the connection, with {@link ElectionGreetingEvents.onFailed}. */
  fail(message: string | undefined): void {
    this.giveUp();
    this.#events.onFailed(message);
  }

  /** Ends it and the connection without a word. */
  giveUp(): void {
    this.#detach();
    this.#socket.on('error', () => {});
    this.#socket.destroy();
  }

  #take(chunk: Uint8Array): void {
    const bytes = Buffer.concat([this.#bytes, chunk]);
    try {
      const end = findInitialMessageEnd(bytes, 0, bytes.byteLength);
      if (end < 0) {
        this.#bytes = bytes;
        if (bytes.byteLength > GREETING_BYTES_MAX) this.fail('it says more than who it is');
        return;
      }
      const message = decodeInitialMessage(new JuteReader(bytes.subarray(0, end)));
      this.#detach();
      this.#events.onGreeted(message, bytes.subarray(end));
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.fail(error.message);
    }
  }

  #detach(): void {
    clearTimeout(this.#timer);
    this.#socket.off('data', this.#onData).off('error', this.#onError).off('close', this.#onClose);
  }
}
