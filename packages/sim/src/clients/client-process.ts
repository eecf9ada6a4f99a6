/**
 * One life of a client process: a program on the production client and recipes, with the clocks, timers and chance of its machine.
 *
 * Every event comes in by {@link ClientProcess.enter}, which holds it back while the process stands still. When it goes on, timers that are
 * overdue come first, then what the network has brought, then what was to come after both: the order of Node's event loop.
 */

import type { SeededRandom } from '../random.ts';
import type { ClientMachine } from './client-machine.ts';
import type { Program } from './program.ts';
import { VirtualTimer } from './virtual-timer.ts';

/** The phases of an event loop, in their order. */
const phases = ['timer', 'network', 'immediate'] as const;
export type Phase = (typeof phases)[number];

/** What a process that stood still needs to see that it did, ms: the time of its clock is exact. */
const AWAKE_MS = 2;

export class ClientProcess {
  readonly machine: ClientMachine;
  readonly startCount: number;
  readonly program: Program;
  isRunning = true;
  #isPaused = false;
  #isDazed = false;
  #backlog: { readonly phase: Phase; readonly run: () => void }[] = [];
  #pauseCount = 0;

  /** @param startCount - which life of its machine this is, from 1. */
  constructor(
    machine: ClientMachine,
    startCount: number,
    makeProgram: (process: ClientProcess) => Program,
  ) {
    this.machine = machine;
    this.startCount = startCount;
    this.program = makeProgram(this);
  }

  get name(): string {
    return this.machine.name;
  }

  get random(): SeededRandom {
    return this.machine.random;
  }

  /** Monotonic. */
  get nowMs(): number {
    return this.machine.world.scheduler.nowMs + this.machine.monotonicOffsetMs;
  }

  get wallMs(): number {
    return this.machine.wallMs;
  }

  /** It stands still, or did until now: it may take for its own what is another's by now. */
  get isDazed(): boolean {
    return this.#isPaused || this.#isDazed;
  }

  start(): void {
    this.enterSoon(() => {
      this.program.run().catch((error: unknown) => this.machine.globals.fail(error));
    });
  }

  /** The process is gone, at once. */
  kill(): void {
    this.isRunning = false;
  }

  pause(): void {
    this.#isPaused = true;
    this.#pauseCount++;
  }

  /** @param onAwake - it has seen what time it is. */
  resume(onAwake: () => void): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#isDazed = true;
    const backlog = this.#backlog;
    this.#backlog = [];
    const { scheduler } = this.machine.world;
    for (const phase of phases) {
      for (const held of backlog) {
        if (held.phase === phase) scheduler.after(0, () => this.enter(phase, held.run));
      }
    }
    const pauseCount = this.#pauseCount;
    scheduler.after(AWAKE_MS, () => {
      if (pauseCount !== this.#pauseCount || !this.isRunning) return;
      this.#isDazed = false;
      onAwake();
    });
  }

  /** Something happens to this process: now, when it goes on, or never, when it is gone. */
  enter(phase: Phase, run: () => void): void {
    if (!this.isRunning) return;
    if (this.#isPaused) this.#backlog.push({ phase, run });
    else this.machine.globals.enter(this, run);
  }

  /** {@link enter}, as an event of its own. */
  enterSoon(run: () => void): void {
    this.machine.world.scheduler.after(0, () => this.enter('immediate', run));
  }

  // ── What its code finds in place of Node's ────────────────────────────────────────────────────────

  startTimer(run: () => void, ms: number | undefined): VirtualTimer {
    const timer = new VirtualTimer();
    this.#fireAfter(timer, timerMs(ms), run);
    return timer;
  }

  startInterval(run: () => void, ms: number | undefined): VirtualTimer {
    const timer = new VirtualTimer();
    const again = (): void => {
      this.#fireAfter(timer, timerMs(ms), again);
      run();
    };
    this.#fireAfter(timer, timerMs(ms), again);
    return timer;
  }

  startImmediate(run: () => void): VirtualTimer {
    const timer = new VirtualTimer();
    timer.event = this.machine.world.scheduler.after(0, () => {
      this.enter('immediate', () => {
        if (!timer.isCancelled) run();
      });
    });
    return timer;
  }

  uuid(): string {
    const word = () => this.random.below(0x1_0000).toString(16).padStart(4, '0');
    return `${word()}${word()}-${word()}-4${word().slice(1)}-a${word().slice(1)}-${word()}${word()}${word()}`;
  }

  #fireAfter(timer: VirtualTimer, ms: number, run: () => void): void {
    timer.event = this.machine.world.scheduler.after(ms, () => {
      this.enter('timer', () => {
        if (!timer.isCancelled) run();
      });
    });
  }
}

/** As Node has it: whole milliseconds, at least one. */
function timerMs(ms = 1): number {
  return ms >= 1 && ms < 2 ** 31 ? Math.trunc(ms) : 1;
}
