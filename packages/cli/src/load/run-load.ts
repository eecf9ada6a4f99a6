import type { Histogram } from 'hdr-histogram-js';
import { BusyClock } from './busy-clock.ts';
import { LoadConnection } from './load-connection.ts';
import { type LoadExtent, LoadMeter } from './load-meter.ts';
import type { Busyness } from './processor-clock.ts';
import type { Tape } from './tape.ts';
import { closeSessions, openSessions } from './wire/open-sessions.ts';
import type { ServerAddress, SessionSocket } from './wire/session-socket.ts';

/** Without any reply for so long the run fails. */
const SILENCE_MS_MAX = 15_000;

/** How many connections, and how many requests each keeps in flight. */
export interface LoadShape {
  readonly connections: number;
  readonly outstanding: number;
}

/** What is sent where, by how many, until when. */
export interface Load {
  /** Servers; connections go to them in turn. */
  readonly addresses: readonly ServerAddress[];
  readonly tape: Tape;
  readonly shape: LoadShape;
  readonly extent: LoadExtent;
  /** Processes of the servers, to tell how busy they are. */
  readonly serverPids?: readonly number[] | undefined;
  /** Ends the load before its end; it fails then with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What a load came to. */
export interface LoadResult {
  readonly replies: number;
  readonly elapsedMs: number;
  readonly latencies: Histogram;
  /** Who kept how many cores busy while it was measured. */
  readonly busyness: Busyness;
  /** Unique numbers used for names. */
  readonly uniqueCount: number;
}

/**
 * Drives the servers from this thread: opens the connections, keeps each at `outstanding` requests
 * until `extent` is over, waits for the last replies, and closes.
 *
 * @param whenOpen - called when all connections stand; the load starts when it resolves.
 * @throws UnexpectedReplyError when a reply is not the one that the tape calls for; also when a
 *   connection is lost or the server falls silent.
 */
export async function runLoad(
  load: Load,
  whenOpen: () => Promise<void> = async () => {},
): Promise<LoadResult> {
  const sessions = await openSessions(load.addresses, load.shape.connections);
  try {
    await whenOpen();
    const result = await driveSessions(sessions, load);
    await closeSessions(sessions);
    return result;
  } catch (error) {
    for (const session of sessions) session.destroy();
    throw error;
  }
}

function driveSessions(
  sessions: readonly SessionSocket[],
  { tape, shape, extent, serverPids = [], signal }: Load,
): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const meter = new LoadMeter(extent, performance.now());
    const busy = new BusyClock(extent, serverPids);
    let repliesSeen = -1;
    const watchdog = setInterval(() => {
      if (meter.repliesEver === repliesSeen) fail(new Error(`no reply for ${SILENCE_MS_MAX} ms`));
      repliesSeen = meter.repliesEver;
    }, SILENCE_MS_MAX);
    const finish = (): void => {
      signal?.removeEventListener('abort', onAbort);
      clearInterval(watchdog);
      busy.stop();
    };
    const fail = (reason: Error): void => {
      finish();
      reject(reason);
    };

    const onAbort = (): void => fail(signal?.reason);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) fail(signal.reason);

    let running = sessions.length;
    const onIdle = (): void => {
      if (--running > 0) return;
      finish();
      const end = extent.kind === 'time' ? meter.measureEnd : performance.now();
      resolve({
        replies: meter.replies,
        elapsedMs: end - meter.measureStart,
        latencies: meter.latencies,
        busyness: busy.stop(),
        uniqueCount: tape.uniqueCount,
      });
    };
    const connections = sessions.map((session, index) => {
      // Connections begin at different places, so that they do not ask for the same znode in step.
      const position = Math.floor((index * tape.frameCount) / sessions.length);
      const start = { outstanding: shape.outstanding, position };
      return new LoadConnection(session, tape, meter, start, { onIdle, onFailed: fail });
    });
    for (const connection of connections) connection.start();
  });
}
