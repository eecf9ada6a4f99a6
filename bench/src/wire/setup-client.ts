import { ErrorCode, JuteReader, JuteWriter } from '@zooid/protocol';
import { type ServerAddress, SessionSocket } from './session-socket.ts';
import { errorCodeName, UnexpectedReplyError } from './server-error.ts';

interface Pending {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (reason: Error) => void;
}

/** A reply that came, error or not; the reader stands at the body. */
export interface Reply {
  readonly code: number;
  readonly body: JuteReader;
}

/**
 * A plain client with a promise for each request: for what comes before and after a measurement, and
 * for watches. Requests are pipelined: send many, then wait for all.
 */
export class SetupClient {
  /** Called for each watch event. */
  onEvent: (() => void) | undefined;

  readonly #session: SessionSocket;
  readonly #writer = new JuteWriter(4096);
  readonly #pending: Pending[] = [];
  #nextXid = 1;
  /** Bytes of a frame that is not whole yet. */
  #rest: Uint8Array = new Uint8Array(0);
  #lost: Error | undefined;

  constructor(session: SessionSocket) {
    this.#session = session;
    session.events = {
      onBytes: (bytes, end) => this.#onBytes(bytes, end),
      onLost: (reason) => this.#fail(reason),
    };
  }

  static async open(address: ServerAddress): Promise<SetupClient> {
    return new SetupClient(await SessionSocket.open(address));
  }

  /** Sends what `write` appends for the xid it is given; resolves with the reply, whatever its code. */
  request(write: (writer: JuteWriter, xid: number) => void): Promise<Reply> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject });
      this.#writer.clear();
      write(this.#writer, this.#nextXid++);
      this.#session.write(this.#writer.bytes, 0, this.#writer.length);
    });
  }

  /**
   * As {@link request}, for requests that have to succeed.
   *
   * @throws UnexpectedReplyError when the code is neither ok nor one of `allowed`.
   */
  async expect(
    what: string,
    write: (writer: JuteWriter, xid: number) => void,
    allowed: readonly number[] = [],
  ): Promise<Reply> {
    const reply = await this.request(write);
    if (reply.code !== ErrorCode.ok && !allowed.includes(reply.code)) {
      throw new UnexpectedReplyError(`${what}: ${errorCodeName(reply.code)}`);
    }
    return reply;
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  destroy(): void {
    this.#session.destroy();
  }

  #onBytes(chunk: Uint8Array, end: number): void {
    const bytes = new Uint8Array(this.#rest.byteLength + end);
    bytes.set(this.#rest);
    bytes.set(chunk.subarray(0, end), this.#rest.byteLength);
    const view = new DataView(bytes.buffer);
    let at = 0;
    while (bytes.byteLength - at >= 4) {
      const frameEnd = at + 4 + view.getInt32(at);
      if (frameEnd > bytes.byteLength) break;
      const reader = new JuteReader();
      reader.reset(bytes, at + 4, frameEnd);
      this.#onFrame(reader);
      at = frameEnd;
    }
    this.#rest = bytes.subarray(at);
  }

  #onFrame(reader: JuteReader): void {
    const xid = reader.int();
    reader.longAsNumber();
    const code = reader.int();
    if (xid === -1) {
      this.onEvent?.();
      return;
    }
    const due = this.#nextXid - this.#pending.length;
    const pending = this.#pending.shift();
    if (pending === undefined || xid !== due) {
      this.#fail(new UnexpectedReplyError(`a reply to request ${xid}, request ${due} was due`));
      return;
    }
    pending.resolve({ code, body: reader });
  }

  #fail(reason: Error): void {
    this.#lost = reason;
    for (const pending of this.#pending.splice(0)) pending.reject(reason);
  }
}
