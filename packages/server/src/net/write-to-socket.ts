import { writeSync } from 'node:fs';
import type { Socket } from 'node:net';

interface WithHandle {
  /** Undocumented, and there since 0.x; null once the socket is closed. */
  readonly _handle: { readonly fd?: number } | null;
}

/**
 * The socket's descriptor for {@link writeToSocket}; -1 where the system has none (Windows). To be asked for while the
 * socket is open.
 */
export function descriptorOf(socket: Socket): number {
  return (socket as unknown as WithHandle)._handle?.fd ?? -1;
}

/**
 * Sends `[0, length)` of `bytes`, which the caller may change as soon as this returns.
 *
 * While nothing waits in the socket, the bytes go to the kernel at once, past the stream: that costs a third of a write
 * through it, which wants a copy, a request and two callbacks. What the kernel does not take, and every error, is
 * left to the stream.
 *
 * Danger: the descriptor of a closed socket may be somebody else's already. A socket gives up its handle in the same
 * call that closes it, so that is looked at each time.
 *
 * @param descriptor - from {@link descriptorOf}.
 */
export function writeToSocket(
  socket: Socket,
  descriptor: number,
  bytes: Uint8Array,
  length: number,
): void {
  const isOpen = !socket.destroyed && (socket as unknown as WithHandle)._handle !== null;
  let sent = 0;
  if (descriptor >= 0 && isOpen && socket.writableLength === 0) {
    try {
      sent = writeSync(descriptor, bytes, 0, length);
    } catch {
      // No room in the kernel's buffer, or the connection is broken: the stream waits for the one and tells the other.
    }
    if (sent === length) return;
  }
  // At its exact size: the socket keeps what it is given until the kernel has taken it.
  const rest = Buffer.allocUnsafe(length - sent);
  rest.set(bytes.subarray(sent, length));
  socket.write(rest);
}
