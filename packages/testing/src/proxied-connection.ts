import { Socket } from 'node:net';
import type { CutPoint, Direction, Ending } from './network-faults.ts';
import { type LineState, Pipe } from './pipe.ts';
import { resetSocket } from './reset-socket.ts';

export interface ProxiedConnectionParts {
  /** What the client opened. */
  readonly client: Socket;
  readonly target: { readonly host: string; readonly port: number };
  readonly lines: Readonly<Record<Direction, LineState>>;
  readonly onPassed: (direction: Direction, bytes: number) => void;
  /** It carries nothing any more, though a side of it may still be open. Called once, before {@link onGone}. */
  readonly onOver: (connection: ProxiedConnection) => void;
  /** Both sockets are closed. */
  readonly onGone: (connection: ProxiedConnection) => void;
}

/** One client's connection and its counterpart at the server, with a pipe in each direction. */
export class ProxiedConnection {
  readonly #parts: ProxiedConnectionParts;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #toServer: Pipe;
  readonly #toClient: Pipe;
  #openSockets = 2;
  #isOver = false;
  #onCutKnown: ((isCut: boolean) => void) | undefined;

  constructor(parts: ProxiedConnectionParts) {
    this.#parts = parts;
    const { client, target, lines } = parts;
    const server = new Socket({ allowHalfOpen: true });
    this.#client = client;
    this.#server = server;
    for (const socket of [client, server]) {
      socket.setNoDelay();
      socket.on('close', () => this.#onClosed());
    }
    this.#toServer = new Pipe({
      from: client,
      to: server,
      line: lines['to-server'],
      open: () => void server.connect(target.port, target.host),
      onPassed: (bytes) => parts.onPassed('to-server', bytes),
    });
    this.#toClient = new Pipe({
      from: server,
      to: client,
      line: lines['to-client'],
      onPassed: (bytes) => parts.onPassed('to-client', bytes),
    });
  }

  /** Ends the connection there. `onKnown` is told once: true when it was cut, false when it ended otherwise or the cut was called off. */
  cutAfter(point: CutPoint, onKnown: (isCut: boolean) => void): void {
    const { direction, bytes, ending = 'end' } = point;
    this.#onCutKnown = onKnown;
    const pipe = direction === 'to-server' ? this.#toServer : this.#toClient;
    pipe.cutAfter(bytes, () => {
      this.#settleCut('cut');
      this.drop(ending);
    });
  }

  /** The cut, if one waits, does not happen. */
  callOffCut(): void {
    for (const pipe of [this.#toServer, this.#toClient]) pipe.cutAfter(Infinity, () => {});
    this.#settleCut('not cut');
  }

  /** The state of a line has changed. */
  update(under: 'delay kept' | 'delay lifted'): void {
    this.#toServer.update(under);
    this.#toClient.update(under);
  }

  /** Ends both sides; what waits is lost. */
  drop(ending: Ending): void {
    this.#toServer.stop();
    this.#toClient.stop();
    for (const socket of [this.#client, this.#server]) {
      // One that was never opened has nobody to tell.
      if (socket.pending && !socket.connecting) socket.destroy();
      else if (ending === 'reset') resetSocket(socket);
      else socket.end();
    }
    this.#setOver();
  }

  /** Lets go of both sockets at once. */
  destroy(): void {
    this.#toServer.stop();
    this.#toClient.stop();
    this.#client.destroy();
    this.#server.destroy();
  }

  #onClosed(): void {
    this.#openSockets--;
    if (this.#openSockets > 0) return;
    this.#toServer.stop();
    this.#toClient.stop();
    this.#setOver();
    this.#parts.onGone(this);
  }

  #setOver(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#settleCut('not cut');
    this.#parts.onOver(this);
  }

  #settleCut(outcome: 'cut' | 'not cut'): void {
    const onKnown = this.#onCutKnown;
    this.#onCutKnown = undefined;
    onKnown?.(outcome === 'cut');
  }
}
