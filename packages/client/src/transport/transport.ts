/**
 * How bytes get to a server and back. The client knows only this; TCP and TLS are in `tcp-transport.ts`.
 */

import type { ServerAddress } from './connect-string.ts';

/** What happens to a connection. Nothing is called before `open` has returned. */
export interface ConnectionHandlers {
  /** Bytes can be written. At most once; with TLS, the server is by then who it should be. */
  onOpen(): void;
  /** The bytes belong to the receiver. */
  onData(chunk: Uint8Array): void;
  /**
   * It is over. Exactly once, after `destroy()` too; nothing is called after it.
   *
   * @param error - why it could not be opened, or what broke it; undefined when this side or the server ended it in order.
   */
  onClose(error: Error | undefined): void;
}

/** One connection, or the attempt to make one. */
export interface Connection {
  /**
   * Sends bytes, which belong to the connection from now on. Only after `onOpen`; what comes after `end()`,
   * `destroy()` or the connection's end is dropped.
   */
  write(bytes: Uint8Array): void;
  /** Bytes that were written and are still in this process. */
  readonly bufferedBytes: number;
  /** Ends the connection behind what was written. Before `onOpen` the same as `destroy()`. */
  end(): void;
  /** Ends the connection, or the attempt, at once; what was written may be lost. */
  destroy(): void;
  /** Who is on the other side, for messages: `10.0.0.1:2181`, or `zk1:2181 (10.0.0.1)` once the name is resolved. */
  readonly remote: string;
}

/** A way to reach servers. */
export interface Transport {
  /**
   * Begins to connect. Never throws for what a server or a network does: that comes to `onClose`.
   *
   * @param timeoutMs - how long after the call `onOpen` may come at the latest.
   */
  open(server: ServerAddress, handlers: ConnectionHandlers, timeoutMs: number): Connection;
}
