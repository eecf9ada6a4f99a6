/** A program of a user: it keeps a session, and does one thing after another with a recipe until it is told to stop. */

import {
  ClosedError,
  type ConnectOptions,
  ConnectTimeoutError,
  connect,
  OperationTimeoutError,
  SessionExpiredError,
  type ZooKeeper,
} from '@zooid/client';
import { type Deferred, deferred, onAbort } from '@zooid/client/waiting';
import type { SeededRandom } from '../random.ts';
import type { World } from '../world.ts';
import type { ClientProcess } from './client-process.ts';
import type { Standing } from './standing.ts';
import { virtualTransport } from './virtual-transport.ts';

/** Session timeouts, in ticks of the servers: most of them short, so that sessions end. */
const SESSION_TICKS: readonly number[] = [2, 2, 2, 4, 10];
/** Mean time between two things that it does, ms. */
const PAUSE_MS_MEAN = 1500;

/** Does something with a recipe once, to the end. */
export type Use = (program: Program, zk: ZooKeeper) => Promise<void>;

export abstract class Program {
  readonly process: ClientProcess;
  /** How often it got what it wanted. */
  doneCount = 0;
  /** What any server that its session is with has seen. */
  seenZxid = 0;
  /** What it keeps besides, by the name of the recipe. */
  readonly standing: Map<string, Standing> = new Map();
  #isStopped = false;
  /** While it waits to go on. */
  #idle: Deferred<void> | undefined;

  constructor(process: ClientProcess) {
    this.process = process;
  }

  get world(): World {
    return this.process.machine.world;
  }

  get random(): SeededRandom {
    return this.process.random;
  }

  get isIdle(): boolean {
    return this.#idle !== undefined;
  }

  stop(): void {
    this.#isStopped = true;
  }

  protected get isStopped(): boolean {
    return this.#isStopped;
  }

  goOn(): void {
    this.#isStopped = false;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  async run(): Promise<never> {
    for (;;) {
      await this.#untilWanted();
      const zk = await this.#open();
      if (zk === undefined) continue;
      while (!zk.lost.aborted) {
        await sleep(-Math.log(1 - this.random.next()) * PAUSE_MS_MEAN);
        await this.#untilWanted();
        try {
          await this.step(zk);
        } catch (error) {
          if (!isExpected(error)) throw error;
        }
        if (this.random.chance(0.03)) await zk.close();
      }
    }
  }

  /** Does something with the recipe once, to the end. */
  protected abstract step(zk: ZooKeeper): Promise<void>;

  /** Whether a server without a leader will do. */
  protected get isReader(): boolean {
    return false;
  }

  /** The way to the servers, in any order. */
  connect(session?: ZooKeeper['session']): Promise<ZooKeeper> {
    return this.#connect({ readOnly: this.isReader, session });
  }

  /** A session besides that of the program. */
  connectAside(signal: AbortSignal): Promise<ZooKeeper> {
    return this.#connect({ signal });
  }

  /** Does this while the program does other things: it must not fail. */
  inBackground(run: () => Promise<void>): void {
    run().catch((error: unknown) => this.process.machine.globals.fail(error));
  }

  #connect(how: ConnectOptions): Promise<ZooKeeper> {
    const { machines, options } = this.world;
    return connect(machines.map(({ name }) => `${name}:2181`).join(), {
      sessionTimeoutMs: options.tickTimeMs * this.random.pick(SESSION_TICKS),
      transport: virtualTransport(this.process),
      ...how,
    });
  }

  async #open(): Promise<ZooKeeper | undefined> {
    const { checks, options } = this.world;
    const { committedZxid } = checks;
    try {
      const zk = await this.connect();
      // The beginning of a session is a transaction, but for one of a single server, which may be behind.
      this.seenZxid = options.localSessions === 'off' ? committedZxid : 0;
      this.process.machine.sessionId = zk.session.id;
      this.world.trace.add(this.process.name, 'session', Number(BigInt.asUintN(52, zk.session.id)));
      return zk;
    } catch (error) {
      if (!(error instanceof ConnectTimeoutError)) throw error;
      return undefined;
    }
  }

  async #untilWanted(): Promise<void> {
    if (!this.#isStopped) return;
    this.#idle ??= deferred();
    await this.#idle.promise;
  }
}

/** What a recipe may end with whose session was lost, or who waited too long. */
function isExpected(error: unknown): boolean {
  return (
    error instanceof SessionExpiredError ||
    error instanceof ClosedError ||
    error instanceof OperationTimeoutError ||
    error instanceof GivenUp
  );
}

/** The reason of a signal by which a program gives up what it waits for. */
export class GivenUp extends Error {}

/** Waits so many ms, or until the signal fires. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      stop?.();
      resolve();
    }, ms);
    const stop =
      signal &&
      onAbort(signal, () => {
        clearTimeout(timer);
        resolve();
      });
  });
}

/** A signal that fires after so many ms, for somebody who gives up. */
export function within(ms: number): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new GivenUp()), ms);
  return controller.signal;
}
