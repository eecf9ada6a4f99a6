import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { onTestFinished } from 'vitest';

/** Answers a four-letter word; undefined: keeps silent and the connection open. */
export type WordAnswers = (word: string) => string | undefined;

/** Something that answers four-letter words on a port of 127.0.0.1. It is gone when the test is. */
export class WordServer {
  readonly words: string[] = [];
  answers: WordAnswers;
  readonly #server: Server;
  #port = 0;
  readonly #sockets = new Set<Socket>();

  /** @param tls - what a server of TLS needs; without it, there is none. */
  static async start(answers: WordAnswers, tls?: TlsOptions): Promise<WordServer> {
    const server = new WordServer(answers, tls);
    await new Promise<void>((listening) => server.#server.listen(0, '127.0.0.1', listening));
    server.#port = (server.#server.address() as AddressInfo).port;
    onTestFinished(() => server.stop());
    return server;
  }

  private constructor(answers: WordAnswers, tls: TlsOptions | undefined) {
    this.answers = answers;
    const onSocket = (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {});
      socket.once('data', (bytes) => {
        const word = bytes.toString('latin1');
        this.words.push(word);
        const answer = this.answers(word);
        if (answer !== undefined) socket.end(answer);
      });
    };
    this.#server = tls === undefined ? createServer(onSocket) : createTlsServer(tls, onSocket);
    // A handshake that fails is the other side's business.
    this.#server.on('tlsClientError', () => {});
  }

  /** Also after it has stopped. */
  get port(): number {
    return this.#port;
  }

  /** `127.0.0.1:port`. */
  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Resolves when nothing listens any more. Harmless the second time. */
  stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((closed) => {
      this.#server.close(() => closed());
    });
  }
}
