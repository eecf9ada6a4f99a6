import { encodeUtf8 } from '@zooid/protocol';
import type { ServerAddress } from './connect-string.ts';
import type { Connection, Transport } from './transport.ts';

/** The longest of the answers that count, `rw` and `ro`. */
const ANSWER_BYTES = 2;

/**
 * Asks a server, by the four-letter word `isro`, whether it takes writes.
 *
 * Opens a connection of its own, which is closed when the answer comes to the caller. Source: ClientCnxn.pingRwServer.
 *
 * @param timeoutMs - bounds the whole of it.
 * @returns true for `rw`; false for `ro`, another answer, none, or an error. Never rejects.
 */
export function isReadWrite(
  transport: Transport,
  server: ServerAddress,
  timeoutMs: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = '';
    const connection: Connection = transport.open(
      server,
      {
        onOpen: () => connection.write(encodeUtf8('isro')),
        onData: (chunk) => {
          answer += String.fromCharCode(...chunk.subarray(0, ANSWER_BYTES - answer.length));
          if (answer.length === ANSWER_BYTES) connection.destroy();
        },
        onClose: () => {
          clearTimeout(timer);
          resolve(answer === 'rw');
        },
      },
      timeoutMs,
    );
    const timer = setTimeout(() => connection.destroy(), timeoutMs);
  });
}
