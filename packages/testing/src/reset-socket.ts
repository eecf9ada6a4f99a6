import type { Socket } from 'node:net';

/**
 * Ends a connection by a reset, at once: what was not sent is lost. One whose end is on its way already is closed without one.
 *
 * Node's `resetAndDestroy` alone sends the end first, and a `destroy` in between then fails and never tells of the socket's close.
 */
export function resetSocket(socket: Socket): void {
  if (!socket.writableEnded) socket.resetAndDestroy();
  socket.destroy();
}
