/**
 * A large gzip file, front to back, in constant memory. Whoever loads a snapshot reads synchronously, and Node inflates
 * in pieces only asynchronously: so a thread inflates, a few pieces ahead, and the reader waits for it.
 */

import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
} from 'node:worker_threads';
import { MalformedError } from '@zooid/protocol';
import type { ByteSource } from './snapshot-source.ts';

/** Without a piece for so long, the thread has died: a disk answers or fails sooner. */
const THREAD_SILENT_MS_MAX = 120_000;

/** Indexes into the memory that both threads see: pieces sent, pieces taken. */
const SENT = 0;
const TAKEN = 1;

/** Sends `{piece}`, and at last `{end}` or `{error}`. CommonJS in a string: it needs no file of its own in any bundle. */
const THREAD = `
const { createReadStream } = require('node:fs');
const { pipeline } = require('node:stream/promises');
const { workerData } = require('node:worker_threads');
const { createGunzip } = require('node:zlib');
const { path, port, shared } = workerData;
const counts = new Int32Array(shared);
const AHEAD = 4;
let sent = 0;
function send(message, transfer) {
  port.postMessage(message, transfer);
  sent++;
  Atomics.store(counts, ${SENT}, sent);
  Atomics.notify(counts, ${SENT});
  for (;;) {
    const taken = Atomics.load(counts, ${TAKEN});
    if (sent - taken < AHEAD) return;
    Atomics.wait(counts, ${TAKEN}, taken);
  }
}
pipeline(
  createReadStream(path, { highWaterMark: 262144 }),
  createGunzip({ chunkSize: 262144 }),
  async (pieces) => {
    for await (const piece of pieces) send({ piece: Uint8Array.from(piece) }, []);
  },
).then(() => send({ end: true }, []), (error) => send({ error: String(error.message) }, []));
`;

type ThreadMessage =
  | { readonly piece: Uint8Array }
  | { readonly end: true }
  | { readonly error: string };

/** Reads the inflated bytes of a file. @throws MalformedError from `read` where the stream is broken. */
export class GzipSource implements ByteSource {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #counts: Int32Array;
  #taken = 0;
  #piece: Uint8Array = new Uint8Array(0);
  #position = 0;
  #isAtEnd = false;

  constructor(path: string) {
    const { port1, port2 } = new MessageChannel();
    const shared = new SharedArrayBuffer(8);
    this.#counts = new Int32Array(shared);
    this.#port = port1;
    this.#worker = new Worker(THREAD, {
      eval: true,
      workerData: { path, port: port2, shared },
      transferList: [port2],
      // The flags of this process (loaders, the type of modules) are not meant for it.
      execArgv: [],
    });
    this.#worker.unref();
  }

  read(target: Uint8Array, offset: number, length: number): number {
    while (this.#position === this.#piece.byteLength) {
      if (this.#isAtEnd || !this.#nextPiece()) return 0;
    }
    const count = Math.min(length, this.#piece.byteLength - this.#position);
    target.set(this.#piece.subarray(this.#position, this.#position + count), offset);
    this.#position += count;
    return count;
  }

  close(): void {
    this.#port.close();
    this.#worker.terminate().catch(() => {}); // it has ended already
  }

  #nextPiece(): boolean {
    const message = this.#receive();
    this.#taken++;
    Atomics.store(this.#counts, TAKEN, this.#taken);
    Atomics.notify(this.#counts, TAKEN);
    if ('piece' in message) {
      this.#piece = message.piece;
      this.#position = 0;
      return true;
    }
    this.#isAtEnd = true;
    if ('error' in message) throw new MalformedError(`a broken gzip stream: ${message.error}`);
    return false;
  }

  #receive(): ThreadMessage {
    for (;;) {
      const sent = Atomics.load(this.#counts, SENT);
      const received = receiveMessageOnPort(this.#port) as { message: ThreadMessage } | undefined;
      if (received !== undefined) return received.message;
      const outcome = Atomics.wait(this.#counts, SENT, sent, THREAD_SILENT_MS_MAX);
      if (outcome === 'timed-out') throw new Error('the thread that inflates does not answer');
    }
  }
}
