// How a server tells the command that started it that it takes clients: it writes its port to a pipe that it was given,
// and closes it. If the pipe closes without a word, the server has ended.

import { closeSync, writeSync } from 'node:fs';

/** Names the descriptor of the pipe. */
export const READY_VARIABLE = 'ZOOID_READY_FD';

/** Says that the server takes clients, if somebody waits for it. */
export function tellReady(
  environment: Readonly<Record<string, string | undefined>>,
  clientPort: number,
): void {
  const descriptor = Number(environment[READY_VARIABLE]);
  if (!Number.isInteger(descriptor) || descriptor < 3) return;
  try {
    writeSync(descriptor, `${clientPort}\n`);
    closeSync(descriptor);
  } catch {
    // Whoever waited has gone. The server serves all the same.
  }
}
