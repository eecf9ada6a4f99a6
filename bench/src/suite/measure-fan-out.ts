import {
  ensureZnode,
  openSessions,
  type ServerAddress,
  SetupClient,
  writeDelete,
  writeGetData,
  writeSetData,
} from 'zooid/load';
import { median } from './median.ts';

const ROUNDS = 5;
/** An event that takes so long is lost. */
const EVENT_MS_MAX = 30_000;

/**
 * One change seen by many: `watchers` connections watch a znode, another one sets it.
 *
 * @returns milliseconds from the set to the last event, median of some rounds.
 */
export async function measureFanOut(
  address: ServerAddress,
  root: string,
  watchers: number,
): Promise<number> {
  const writerClient = await SetupClient.open(address);
  const path = `${root}-watched`;
  const value = new Uint8Array(100);
  await ensureZnode(writerClient, path, value);
  const clients = (await openSessions([address], watchers)).map((one) => new SetupClient(one));
  try {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all(
        clients.map((client) =>
          client.expect('getData', (writer, xid) => writeGetData(writer, xid, path, 'watch')),
        ),
      );
      const begin = performance.now();
      const allSeen = eventsSeen(clients);
      const set = writerClient.expect('setData', (writer, xid) =>
        writeSetData(writer, xid, path, value),
      );
      const end = await allSeen;
      await set;
      times.push(end - begin);
    }
    await writerClient.expect('delete', (writer, xid) => writeDelete(writer, xid, path));
    await writerClient.close();
    return median(times);
  } finally {
    writerClient.destroy();
    for (const client of clients) client.destroy();
  }
}

/** Resolves when every client got one event, with the moment of the last. */
function eventsSeen(clients: readonly SetupClient[]): Promise<number> {
  return new Promise((resolve, reject) => {
    let rest = clients.length;
    const timer = setTimeout(
      () => reject(new Error(`${rest} watch events did not come`)),
      EVENT_MS_MAX,
    );
    const onEvent = (): void => {
      if (--rest > 0) return;
      clearTimeout(timer);
      resolve(performance.now());
    };
    for (const client of clients) client.onEvent = onEvent;
  });
}
