import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
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

  static async start(answers: WordAnswers): Promise<WordServer> {
    const server = new WordServer(answers);
    await new Promise<void>((listening) => server.#server.listen(0, '127.0.0.1', listening));
    server.#port = (server.#server.address() as AddressInfo).port;
    onTestFinished(() => server.stop());
    return server;
  }

  private constructor(answers: WordAnswers) {
    this.answers = answers;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {});
      socket.once('data', (bytes) => {
        const word = bytes.toString('latin1');
        this.words.push(word);
        const answer = this.answers(word);
        if (answer !== undefined) socket.end(answer);
      });
    });
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
