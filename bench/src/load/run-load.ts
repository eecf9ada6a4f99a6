import type { Histogram } from 'hdr-histogram-js';
import { type ServerAddress, SessionSocket } from '../wire/session-socket.ts';
import { LoadConnection } from './load-connection.ts';
import { type LoadExtent, LoadMeter } from './load-meter.ts';
import type { Tape } from './tape.ts';

/** Connections that are being opened at once: below the listen backlog of 50 that Apache's server has. */
const OPENING_MAX = 32;
/** Without any reply for so long the run fails. */
const SILENCE_MS_MAX = 15_000;

/** How many connections, and how many requests each keeps in flight. */
export interface LoadShape {
  readonly connections: number;
  readonly outstanding: number;
}

/** What a load came to. */
export interface LoadResult {
  readonly replies: number;
  readonly elapsedMs: number;
  readonly latencies: Histogram;
  /** Share of the measured time that the thread of the generator was busy, 0 to 1. */
  readonly generatorBusy: number;
}

/** Sessions on the server, opened a few at a time. On failure those already open are dropped. */
export async function openSessions(
  address: ServerAddress,
  count: number,
): Promise<readonly SessionSocket[]> {
  const sessions: SessionSocket[] = [];
  let started = 0;
  const opener = async (): Promise<void> => {
    while (started < count) {
      started++;
      sessions.push(await SessionSocket.open(address));
    }
  };
  const openers = Array.from({ length: Math.min(OPENING_MAX, count) }, opener);
  const outcomes = await Promise.allSettled(openers);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') {
      for (const session of sessions) session.destroy();
      throw outcome.reason;
    }
  }
  return sessions;
}

/** Ends sessions, a few at a time. */
export async function closeSessions(sessions: readonly SessionSocket[]): Promise<void> {
  let next = 0;
  const closer = async (): Promise<void> => {
    while (next < sessions.length) await sessions[next++]!.close();
  };
  await Promise.all(Array.from({ length: OPENING_MAX }, closer));
}

/**
 * Drives one server from this thread: opens the connections, keeps each at `outstanding` requests
 * until `extent` is over, waits for the last replies, and closes.
 *
 * @throws UnexpectedReplyError when a reply is not the one that the tape calls for; also when a
 *   connection is lost or the server falls silent.
 */
export async function runLoad(
  address: ServerAddress,
  tape: Tape,
  shape: LoadShape,
  extent: LoadExtent,
): Promise<LoadResult> {
  const sessions = await openSessions(address, shape.connections);
  try {
    const result = await driveSessions(sessions, tape, shape, extent);
    await closeSessions(sessions);
    return result;
  } catch (error) {
    for (const session of sessions) session.destroy();
    throw error;
  }
}

function driveSessions(
  sessions: readonly SessionSocket[],
  tape: Tape,
  shape: LoadShape,
  extent: LoadExtent,
): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const meter = new LoadMeter(extent, performance.now());
    const busy = new BusyClock(extent);
    let repliesSeen = -1;
    const watchdog = setInterval(() => {
      if (meter.repliesEver === repliesSeen) fail(new Error(`no reply for ${SILENCE_MS_MAX} ms`));
      repliesSeen = meter.repliesEver;
    }, SILENCE_MS_MAX);
    const finish = (): void => {
      clearInterval(watchdog);
      busy.stop();
    };
    const fail = (reason: Error): void => {
      finish();
      reject(reason);
    };

    let running = sessions.length;
    const onIdle = (): void => {
      if (--running > 0) return;
      finish();
      const end = extent.kind === 'time' ? meter.measureEnd : performance.now();
      resolve({
        replies: meter.replies,
        elapsedMs: end - meter.measureStart,
        latencies: meter.latencies,
        generatorBusy: busy.share,
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

/** How busy this thread's event loop was while the load was measured. */
class BusyClock {
  share = 0;
  readonly #timers: NodeJS.Timeout[] = [];
  #start = performance.eventLoopUtilization();
  #isStopped = false;

  constructor(extent: LoadExtent) {
    if (extent.kind === 'count') return;
    const restart = (): void => {
      this.#start = performance.eventLoopUtilization();
    };
    this.#timers.push(setTimeout(restart, extent.warmUpMs));
    this.#timers.push(setTimeout(() => this.stop(), extent.warmUpMs + extent.measureMs));
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.share = performance.eventLoopUtilization(this.#start).utilization;
  }
}
