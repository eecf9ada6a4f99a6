/** The client's way to the servers of the simulated network. */

import type { Connection, ConnectionHandlers, ServerAddress, Transport } from '@zooid/client';
import type { Socket, SocketHandler } from '../simulated-network.ts';
import type { ClientProcess } from './client-process.ts';

export function virtualTransport(process: ClientProcess): Transport {
  return {
    open: (server, handlers, timeoutMs) =>
      new VirtualConnection(process, server, handlers, timeoutMs),
  };
}

class VirtualConnection implements Connection, SocketHandler {
  readonly bufferedBytes = 0;
  readonly remote: string;
  readonly #process: ClientProcess;
  readonly #handlers: ConnectionHandlers;
  readonly #limit: NodeJS.Timeout;
  #socket: Socket | undefined;
  #isClosed = false;

  constructor(
    client: ClientProcess,
    { host, port }: ServerAddress,
    handlers: ConnectionHandlers,
    timeoutMs: number,
  ) {
    this.#process = client;
    this.#handlers = handlers;
    this.remote = `${host}:${port}`;
    this.#limit = setTimeout(() => this.#close(new Error('no answer in time')), timeoutMs);
    const { network } = client.machine.world;
    network.connect(client.name, host, 'client', (socket) => {
      if (this.#isClosed || !client.isRunning) {
        socket?.end();
        return;
      }
      // By the system, whatever the process is about.
      if (socket !== undefined) socket.handler = this;
      this.#socket = socket;
      client.enter('network', () => this.#onConnected(socket));
    });
  }

  onData(chunk: Uint8Array): void {
    this.#process.enter('network', () => {
      if (!this.#isClosed) this.#handlers.onData(chunk);
    });
  }

  onEnd(): void {
    this.#process.enter('network', () => this.#close(undefined));
  }

  write(bytes: Uint8Array): void {
    if (!this.#isClosed) this.#socket?.send(bytes);
  }

  end(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#process.machine.brokenCount++;
    this.#socket?.end();
    clearTimeout(this.#limit);
    process.nextTick(() => this.#handlers.onClose(undefined));
  }

  #onConnected(socket: Socket | undefined): void {
    if (this.#isClosed) return;
    if (socket === undefined) {
      this.#close(new Error('refused'));
      return;
    }
    clearTimeout(this.#limit);
    const { world } = this.#process.machine;
    world.trace.add(this.#process.name, 'connection', world.idOf(socket.to));
    this.#handlers.onOpen();
  }

  #close(error: Error | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { machine } = this.#process;
    machine.brokenCount++;
    machine.world.trace.add(this.#process.name, 'connection-end');
    this.#socket?.end();
    clearTimeout(this.#limit);
    this.#handlers.onClose(error);
  }
}
