import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { ServerAddress } from 'zooid/load';

const ANSWER_MS_MAX = 2_000;

/** The role that a server says it has (`leader`, `follower`); undefined when it serves nobody or does not answer. */
export async function askMode({ host, port }: ServerAddress): Promise<string | undefined> {
  const socket = connect({ host, port });
  socket.setTimeout(ANSWER_MS_MAX, () => socket.destroy(new Error('no answer')));
  socket.write('srvr');
  try {
    return /^Mode: (\w+)$/m.exec(await text(socket))?.[1];
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}
