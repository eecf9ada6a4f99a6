import { type Reply, type ServerAddress, SetupClient, writeExists } from 'zooid/load';

const ANSWER_MS_MAX = 120_000;
/** Between two attempts to connect. */
const RETRY_MS = 5;
const ATTEMPTS_MAX = 20;
const ATTEMPT_MS_MAX = 500;

/** A request and a check of its reply. */
export type Probe = (client: SetupClient) => Promise<Reply>;

/** The least that a server can be asked. */
export const existsRoot: Probe = (client) =>
  client.expect('exists /', (writer, xid) => writeExists(writer, xid, '/'));

/**
 * Tries until a new session gets an answer. Attempts overlap, since a server that is starting may
 * accept a connection and then forget what came over it.
 *
 * @param isPointless - asked before each attempt: true ends it.
 * @throws the reason of the last attempt that failed, after two minutes or when it is pointless.
 */
export function firstAnswer(
  address: ServerAddress,
  probe: Probe,
  isPointless: () => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    let pending = 0;
    let lastError: unknown;
    let isDone = false;
    const attempt = async (): Promise<void> => {
      if (pending >= ATTEMPTS_MAX) return;
      pending++;
      try {
        await answerOnce(address, probe);
        isDone = true;
        clearInterval(timer);
        resolve();
      } catch (error) {
        lastError = error;
      }
      pending--;
    };
    const timer = setInterval(() => {
      if (isDone) return;
      if (isPointless() || performance.now() - begin > ANSWER_MS_MAX) {
        clearInterval(timer);
        reject(lastError);
      } else {
        void attempt();
      }
    }, RETRY_MS);
  });
}

async function answerOnce(address: ServerAddress, probe: Probe): Promise<void> {
  const client = await SetupClient.open(address, ATTEMPT_MS_MAX);
  const timer = setTimeout(() => client.destroy(), ATTEMPT_MS_MAX);
  try {
    await probe(client);
    await client.close();
  } finally {
    clearTimeout(timer);
    client.destroy();
  }
}
