/** The computer of one client: what outlives the processes on it. */

import type { SeededRandom } from '../random.ts';
import type { World } from '../world.ts';
import { ClientProcess } from './client-process.ts';
import type { Program } from './program.ts';
import type { VirtualGlobals } from './virtual-globals.ts';

export class ClientMachine {
  readonly name: string;
  readonly world: World;
  readonly globals: VirtualGlobals;
  readonly random: SeededRandom;
  /** Undefined while there is none. */
  process: ClientProcess | undefined;
  wallOffsetMs = 0;
  /** The newest session of its processes. */
  sessionId: bigint | undefined;
  /** How many connections of its processes have ended. */
  brokenCount = 0;
  /** Monotonic clocks begin anywhere. */
  readonly monotonicOffsetMs: number;
  readonly #makeProgram: (process: ClientProcess) => Program;
  #startCount = 0;
  #isStopped = false;
  /** Of the processes that are gone. */
  #doneBefore = 0;

  constructor(
    world: World,
    globals: VirtualGlobals,
    name: string,
    makeProgram: (process: ClientProcess) => Program,
  ) {
    this.world = world;
    this.globals = globals;
    this.name = name;
    this.random = world.random.fork(name);
    this.monotonicOffsetMs = this.random.integer(0, 10_000_000);
    this.#makeProgram = makeProgram;
  }

  get wallMs(): number {
    return this.world.wallMs + this.wallOffsetMs;
  }

  /** How often the program got what it wanted. */
  get doneCount(): number {
    return this.#doneBefore + (this.process?.program.doneCount ?? 0);
  }

  /** Nothing is held, and nothing asked for. */
  get isIdle(): boolean {
    return this.process?.program.isIdle === true;
  }

  start(): void {
    if (this.process !== undefined) return;
    this.world.trace.add(this.name, 'start');
    this.process = new ClientProcess(this, ++this.#startCount, this.#makeProgram);
    if (this.#isStopped) this.process.program.stop();
    this.process.start();
  }

  /** The process ends at once; what it was connected to is told. */
  crash(): void {
    const { process } = this;
    if (process === undefined) return;
    const { network, trace } = this.world;
    trace.add(this.name, 'crash');
    this.#doneBefore += process.program.doneCount;
    process.kill();
    this.process = undefined;
    this.world.locks.onProcessEnd(process);
    for (const socket of network.socketsOf(this.name)) {
      socket.break(undefined, network.delayMs(this.name, socket.to));
    }
  }

  pause(): void {
    this.process?.pause();
  }

  resume(): void {
    const { process } = this;
    process?.resume(() => this.world.locks.onAwake(process));
  }

  /** All its connections break, and it is told. */
  drop(): void {
    for (const socket of this.world.network.socketsOf(this.name)) {
      socket.break(0, this.random.between(0, 100));
    }
  }

  /** The program wants nothing any more. */
  stop(): void {
    this.#isStopped = true;
    this.process?.program.stop();
  }

  /** The program goes on. */
  goOn(): void {
    this.#isStopped = false;
    const { process } = this;
    process?.enterSoon(() => process.program.goOn());
  }
}
