import type { Socket } from 'node:net';

/**
 * Sends `[0, length)` of `bytes` as one write. The bytes are copied at their exact size, since the
 * socket keeps what it is given until the kernel has taken it and the caller writes on in its buffer.
 */
export function writeToSocket(socket: Socket, bytes: Uint8Array, length: number): void {
  const copy = Buffer.allocUnsafe(length);
  copy.set(length === bytes.byteLength ? bytes : bytes.subarray(0, length));
  socket.write(copy);
}
