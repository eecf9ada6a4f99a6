/** A client of a few lines: one session, one request at a time. */
import { connect, type Socket } from 'node:net';
import { JuteReader, JuteWriter } from '@zooid/protocol';

export class SmallClient {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #waiting: ((frame: Buffer) => void) | undefined;
  #xid = 0;
  sessionId = 0n;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#deliver();
    });
    socket.on('error', () => {});
  }

  /** Connects and opens a session. */
  static async open(port: number): Promise<SmallClient> {
    const client = new SmallClient(connect(port, '127.0.0.1'));
    const reply = await client.#exchange((writer) => {
      writer.int(0);
      writer.long(0n);
      writer.int(30_000);
      writer.long(0n);
      writer.buffer(new Uint8Array(16));
      writer.boolean(false);
    });
    reply.int();
    reply.int();
    client.sessionId = reply.long();
    return client;
  }

  /** Sends one request and returns the error code of its answer. */
  async request(op: number, body: (writer: JuteWriter) => void): Promise<number> {
    this.#xid += 1;
    const reply = await this.#exchange((writer) => {
      writer.int(this.#xid);
      writer.int(op);
      body(writer);
    });
    reply.int();
    reply.long();
    return reply.int();
  }

  close(): void {
    this.#socket.destroy();
  }

  #exchange(body: (writer: JuteWriter) => void): Promise<JuteReader> {
    const writer = new JuteWriter();
    body(writer);
    const payload = writer.copy();
    const length = Buffer.alloc(4);
    length.writeInt32BE(payload.length);
    return new Promise((resolve) => {
      this.#waiting = (frame) => resolve(new JuteReader(frame));
      this.#socket.write(Buffer.concat([length, payload]));
    });
  }

  #deliver(): void {
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE();
      if (this.#received.length < end) return;
      const frame = Buffer.from(this.#received.subarray(4, end));
      this.#received = this.#received.subarray(end);
      // Watch events have the xid -1; nobody here waits for them.
      if (this.sessionId !== 0n && frame.readInt32BE() === -1) continue;
      this.#waiting?.(frame);
    }
  }
}

/** What the server says to a four-letter word before it hangs up. */
export function askWord(port: number, word: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    socket.write(word, 'latin1');
  });
}
