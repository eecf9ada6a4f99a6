import { JuteWriter } from '@zooid/protocol';
import { limits } from './limits.ts';

/** A connection, of a client or of another server, as the pool sees it. */
export interface Recipient {
  /** What it is sent in this turn; undefined when there is nothing. The pool's to set. */
  out: JuteWriter | undefined;
}

/**
 * Hands out the buffers that replies are written into. A client holds one from its first byte of a
 * turn until the shell has sent it; so there are as many as clients that are answered in one turn,
 * not as many as clients.
 */
export class OutputPool<R extends Recipient> {
  readonly #spare: JuteWriter[] = [];
  #spareBytes = 0;
  #dirty: R[] = [];
  #flushing: R[] = [];

  /** Somebody has something to be sent, or is to be closed. */
  get hasOutput(): boolean {
    return this.#dirty.length > 0;
  }

  /** The client's buffer of this turn. */
  of(client: R): JuteWriter {
    if (client.out !== undefined) return client.out;
    const out = this.#take();
    client.out = out;
    this.#dirty.push(client);
    return out;
  }

  /**
   * Hands each client that has something to send, or is to be closed, to `flush`, which must copy or
   * send the bytes during the call.
   */
  flush(flush: (client: R, out: JuteWriter) => void): void {
    while (this.#dirty.length > 0) {
      const clients = this.#dirty;
      this.#dirty = this.#flushing;
      this.#flushing = clients;
      for (const client of clients) {
        const { out } = client;
        if (out === undefined) continue;
        client.out = undefined;
        flush(client, out);
        this.#release(out);
      }
      clients.length = 0;
    }
  }

  /** Takes back everything that nobody was handed yet. Who is to be closed still is. */
  discard(): void {
    for (const { out } of this.#dirty) out?.clear();
  }

  #take(): JuteWriter {
    const out = this.#spare.pop();
    if (out === undefined) return new JuteWriter(1024);
    this.#spareBytes -= out.bytes.byteLength;
    return out;
  }

  #release(out: JuteWriter): void {
    const { byteLength } = out.bytes;
    if (byteLength > limits.pooledOutputBytesMax) return;
    if (this.#spareBytes + byteLength > limits.pooledOutputsBytesMax) return;
    out.clear();
    this.#spare.push(out);
    this.#spareBytes += byteLength;
  }
}
