import { ErrorCode, JuteReader, JuteWriter, ReservedXid } from '@zooid/protocol';
import { errorCodeName, UnexpectedReplyError } from './server-error.ts';
import { type ServerAddress, SessionSocket } from './session-socket.ts';

const NO_BYTES = new Uint8Array(0);

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
  #rest: Uint8Array = NO_BYTES;
  readonly #reader = new JuteReader();
  #lost: Error | undefined;

  constructor(session: SessionSocket) {
    this.#session = session;
    session.events = {
      onBytes: (bytes, end) => this.#onBytes(bytes, end),
      onLost: (reason) => this.#fail(reason),
    };
  }

  /** @param openMsMax - how long to wait for the session. */
  static async open(address: ServerAddress, openMsMax?: number): Promise<SetupClient> {
    return new SetupClient(await SessionSocket.open(address, openMsMax));
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

  /** Drops the connection; requests that wait are refused. */
  destroy(): void {
    this.#session.destroy();
    this.#fail(new Error('the connection was dropped'));
  }

  #onBytes(chunk: Uint8Array, end: number): void {
    let bytes = chunk;
    let bytesEnd = end;
    if (this.#rest.byteLength > 0) {
      bytesEnd = this.#rest.byteLength + end;
      bytes = new Uint8Array(bytesEnd);
      bytes.set(this.#rest);
      bytes.set(chunk.subarray(0, end), this.#rest.byteLength);
    }
    const reader = this.#reader;
    let at = 0;
    while (bytesEnd - at >= 4) {
      reader.reset(bytes, at, bytesEnd);
      const frameEnd = at + 4 + reader.int();
      if (frameEnd > bytesEnd) break;
      this.#onFrame(reader, frameEnd);
      at = frameEnd;
    }
    this.#rest = at === bytesEnd ? NO_BYTES : bytes.slice(at, bytesEnd);
  }

  #onFrame(reader: JuteReader, frameEnd: number): void {
    const xid = reader.int();
    reader.longAsNumber();
    const code = reader.int();
    if (xid === ReservedXid.notification) {
      this.onEvent?.();
      return;
    }
    const due = this.#nextXid - this.#pending.length;
    const pending = this.#pending.shift();
    if (pending === undefined || xid !== due) {
      this.#fail(new UnexpectedReplyError(`a reply to request ${xid}, request ${due} was due`));
      return;
    }
    pending.resolve({ code, body: new JuteReader(reader.bytes.slice(reader.position, frameEnd)) });
  }

  #fail(reason: Error): void {
    this.#lost = reason;
    for (const pending of this.#pending.splice(0)) pending.reject(reason);
  }
}
