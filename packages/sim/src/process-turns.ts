/**
 * What happens to a process, and when: every event comes in by {@link ProcessTurns.enter}, which holds it back while the process stands still,
 * and the core is given it in a turn. Its one timer is set to what the core waits for.
 */

import type { Member, ServerCore, Turn } from '@zooid/core';
import type { Machine } from './machine.ts';
import type { ScheduledEvent } from './scheduler.ts';
import type { ServerProcess } from './server-process.ts';
import { DiskError } from './simulated-disk.ts';
import type { World } from './world.ts';

export abstract class ProcessTurns {
  abstract readonly core: ServerCore;
  abstract readonly turn: Turn;
  readonly machine: Machine;
  readonly world: World;
  isRunning = true;

  #isInTurn = false;
  #timer: ScheduledEvent | undefined;
  #timerMs = Number.POSITIVE_INFINITY;
  /** What the turn wants done when it is over. */
  #afterTurn: (() => void)[] = [];
  #isPaused = false;
  #backlog: (() => void)[] = [];

  constructor(machine: Machine) {
    this.machine = machine;
    this.world = machine.world;
  }

  /** As the checks know it. */
  protected abstract get self(): ServerProcess;

  get name(): string {
    return this.machine.name;
  }

  get member(): Member {
    return this.core.member!;
  }

  /** Monotonic, in a scale of its own. */
  get nowMs(): number {
    return this.world.scheduler.nowMs + this.machine.monotonicOffsetMs;
  }

  /** The process is gone, at once. @param isPowerLost - the network is not told either. */
  kill(isPowerLost: boolean): void {
    if (!this.isRunning) return;
    this.isRunning = false;
    this.#timer?.cancel();
    const { network, random } = this.world;
    for (const port of ['client', 'quorum', 'election']) network.unlisten(this.name, port);
    for (const socket of network.socketsOf(this.name)) {
      socket.break(
        undefined,
        isPowerLost ? random.between(5000, 30_000) : network.delayMs(this.name, socket.to),
      );
    }
    this.machine.onProcessEnd();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const run of backlog) this.enter(run);
  }

  /** Something happens to this process: now, when it goes on, or never, when it is gone. */
  enter(run: () => void): void {
    if (!this.isRunning) return;
    if (this.#isPaused) {
      this.#backlog.push(run);
      return;
    }
    try {
      run();
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      this.world.trace.add(this.name, 'disk-error');
      this.kill(false);
    }
  }

  /** {@link enter}, later. */
  enterAfter(delayMs: number, run: () => void): void {
    this.world.scheduler.after(delayMs, () => this.enter(run));
  }

  /** A turn: events go to the core, then everything leaves. */
  inTurn(run: (member: Member) => void): void {
    if (this.#isInTurn) throw new Error('a turn within a turn');
    this.#isInTurn = true;
    this.turn.begin();
    run(this.member);
    this.turn.end();
    this.#isInTurn = false;
    this.finishTurn();
  }

  /** When the turn is over, or at once when there is none. */
  protected afterTurn(task: () => void): void {
    this.#afterTurn.push(task);
  }

  /** A turn is over, one way or another. */
  protected finishTurn(): void {
    this.world.checks.onTurnEnd(this.self);
    while (this.#afterTurn.length > 0) {
      const tasks = this.#afterTurn;
      this.#afterTurn = [];
      for (const task of tasks) if (this.isRunning) task();
    }
    this.#armTimer();
  }

  #armTimer(): void {
    const member = this.core.member;
    if (member === undefined || !this.isRunning) return;
    const dueMs = member.nextDueMs;
    if (dueMs >= this.#timerMs || dueMs === Number.POSITIVE_INFINITY) return;
    this.#timer?.cancel();
    this.#timerMs = dueMs;
    // The clock has fractions and rounding: a hair later is late enough.
    const delayMs = Math.max(0, dueMs - this.nowMs) + 0.001;
    this.#timer = this.world.scheduler.after(delayMs, () => {
      this.#timerMs = Number.POSITIVE_INFINITY;
      this.#timer = undefined;
      this.enter(() => {
        if (this.member.nextDueMs <= this.nowMs) this.inTurn((current) => current.onTime());
        else this.#armTimer();
      });
    });
  }

  protected tickAfter(delayMs: number): void {
    this.enterAfter(delayMs, () => {
      this.turn.onTick();
      this.finishTurn();
      this.tickAfter(this.world.options.tickTimeMs);
    });
  }
}
