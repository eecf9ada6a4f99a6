import { Client } from '@zooid/core';
import { FrameSplitter } from '@zooid/protocol';
import type { ServerProcess } from './server-process.ts';
import type { Socket, SocketHandler } from './simulated-network.ts';

/** A client's connection, at the server. */
export class SimulatedClientPort extends Client implements SocketHandler {
  readonly socket: Socket;
  readonly #process: ServerProcess;
  readonly #splitter = new FrameSplitter();
  #hasBegun = false;

  constructor(process: ServerProcess, socket: Socket) {
    super({ address: socket.to });
    this.#process = process;
    this.socket = socket;
  }

  onData(chunk: Uint8Array): void {
    this.#process.enter(() => {
      if (this.#isWord(chunk)) {
        this.#process.answerIsro(this.socket);
        return;
      }
      const splitter = this.#splitter;
      splitter.push(chunk);
      this.#process.inTurn(() => {
        while (splitter.next()) {
          this.#process.onFrame(this, splitter.bytes, splitter.frameStart, splitter.frameEnd);
        }
      });
    });
  }

  onEnd(): void {
    this.#process.enter(() => this.#process.onClientEnd(this));
  }

  /** Whether it asks, by a word in place of the first frame, if this server takes writes. */
  #isWord(chunk: Uint8Array): boolean {
    if (this.#hasBegun) return false;
    this.#hasBegun = true;
    return chunk[0] === ISRO_FIRST_BYTE;
  }
}

/** Of `isro`: no frame is so long that it begins like that. */
const ISRO_FIRST_BYTE = 0x69;
