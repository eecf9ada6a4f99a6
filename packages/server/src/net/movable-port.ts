/**
 * A port that this server listens on, and that can move to another address while its connections stay.
 *
 * The new address is opened before the old one is closed, so that whoever finds the one gone finds the other there. An address that cannot
 * be had is tried again and again; the old one stays open meanwhile, which Apache's server closes. Only where both have the same port
 * and the system does not give it twice is the old one closed first.
 *
 * Source: QuorumPeer.processReconfig, NettyServerCnxnFactory.reconfigure.
 */

import type { Server } from 'node:net';
import { ListenPause } from './listen-pause.ts';

export interface ListenPlace {
  /** Every address of this machine unless given. */
  readonly host?: string | undefined;
  /** Any free port for 0. */
  readonly port: number;
}

export interface MovablePortParts {
  /** A server that does not listen yet. */
  readonly createServer: () => Server;
  /** Connections that may wait to be accepted; undefined leaves it to the system. */
  readonly backlog?: number | undefined;
  /** One connection could not be accepted, which is no reason to end the port. */
  readonly onError: (error: Error) => void;
}

/** What a move does not return. */
export interface MoveEvents {
  /** The first attempt failed; others follow. */
  readonly onUnavailable: (error: Error) => void;
}

export class MovablePort {
  readonly #parts: MovablePortParts;
  #server: Server | undefined;
  #place: ListenPlace | undefined;
  /** The newest one counts. */
  #moveCount = 0;
  #lastMove: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  readonly #pause = new ListenPause();

  constructor(parts: MovablePortParts) {
    this.#parts = parts;
  }

  /** Where it listens, or was told to; undefined before {@link listen}. */
  get place(): ListenPlace | undefined {
    return this.#place;
  }

  /** Begins to listen. @returns the port. @throws what the system says, for example EADDRINUSE. */
  async listen(place: ListenPlace): Promise<number> {
    const { server, port } = await this.#open(place);
    this.#server = server;
    this.#place = { ...place, port };
    if (this.#isClosed) server.close();
    return port;
  }

  /**
   * Listens at `place` as soon as that can be had, and from then on no longer where it did. Takes the place of a move that still goes on.
   *
   * @returns the port; undefined when another move or the end came in between.
   */
  moveTo(place: ListenPlace, events: MoveEvents): Promise<number | undefined> {
    this.#moveCount++;
    this.#place = place;
    this.#pause.end();
    const number = this.#moveCount;
    const move = this.#lastMove.then(() => this.#move(place, number, events));
    this.#lastMove = move;
    return move;
  }

  /** Listens no more; connections stay. Resolves when those that there are have ended. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#pause.end();
    const server = this.#server;
    if (server === undefined) return Promise.resolve();
    return new Promise((resolve) => void server.close(() => resolve()));
  }

  async #move(place: ListenPlace, number: number, events: MoveEvents): Promise<number | undefined> {
    for (let attempt = 1; !this.#isClosed && number === this.#moveCount; attempt++) {
      try {
        const { server, port } = await this.#openInstead(place);
        if (this.#isClosed) {
          server.close();
          return undefined;
        }
        this.#server?.close();
        this.#server = server;
        if (number === this.#moveCount) this.#place = { ...place, port };
        return port;
      } catch (error) {
        if (this.#isClosed) return undefined;
        if (attempt === 1) events.onUnavailable(error as Error);
        if (number === this.#moveCount) await this.#pause.pass();
      }
    }
    return undefined;
  }

  async #openInstead(place: ListenPlace): Promise<{ server: Server; port: number }> {
    try {
      return await this.#open(place);
    } catch (error) {
      const old = this.#server?.address();
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      const isOwn = typeof old === 'object' && old !== null && old.port === place.port;
      if (!isTaken || !isOwn) throw error;
      this.#server?.close();
      try {
        return await this.#open(place);
      } catch (stillTaken) {
        // Better where it was than nowhere.
        this.#server = (await this.#open({ host: old.address, port: old.port })).server;
        throw stillTaken;
      }
    }
  }

  #open({ host, port }: ListenPlace): Promise<{ server: Server; port: number }> {
    const { createServer, backlog, onError } = this.#parts;
    const server = createServer();
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      const options = {
        port,
        ...(host === undefined ? {} : { host }),
        ...(backlog === undefined ? {} : { backlog }),
      };
      server.listen(options, () => {
        server.off('error', reject);
        server.on('error', onError);
        const address = server.address();
        const opened = typeof address === 'object' && address !== null ? address.port : port;
        resolve({ server, port: opened });
      });
    });
  }
}

/** Whether two places are one. */
export function isSamePlace(one: ListenPlace, other: ListenPlace): boolean {
  return one.port === other.port && one.host === other.host;
}
