/**
 * What code of a client process finds in place of Node's clocks, timers and chance: those of its process in the simulated world. So the
 * client and the recipes run as they are, and have no switch for it.
 *
 * Code of a process runs while an event is in it, and after it for as long as promises that it settled set off more:
 *
 *     event ─▶ enter(process) ─▶ ticks ─▶ microtasks ─▶ ticks, if there are more ─▶ ... ─▶ nothing is left: the next event
 *
 * as in Node itself. All of a history runs in one task of the real event loop, so nobody else meets these globals; when no process is in,
 * they are Node's.
 */

import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import type { ClientProcess } from './client-process.ts';
import { VirtualTimer } from './virtual-timer.ts';

const realNextTick = process.nextTick;

/** A machine of the simulated world has no addresses of its own. */
const noInterfaces: typeof os.networkInterfaces = () => ({});

export class VirtualGlobals implements Disposable {
  static #isInstalled = false;

  readonly #restores: (() => void)[] = [];
  /** Whose code runs. */
  #current: ClientProcess | undefined;
  #ticks: (() => void)[] = [];
  #failure: { readonly error: unknown } | undefined;

  /** Takes the globals over until it is disposed of. */
  constructor() {
    if (VirtualGlobals.#isInstalled) throw new Error('one history with client processes at a time');
    VirtualGlobals.#isInstalled = true;
    const real = { ...globalThis, setTimeout, setInterval, setImmediate };
    this.#replace(
      globalThis,
      'setTimeout',
      (callback: Callback, ms?: number, ...args: unknown[]) =>
        this.#current === undefined
          ? real.setTimeout(callback, ms, ...args)
          : this.#current.startTimer(() => callback(...args), ms),
    );
    this.#replace(
      globalThis,
      'setInterval',
      (callback: Callback, ms?: number, ...args: unknown[]) =>
        this.#current === undefined
          ? real.setInterval(callback, ms, ...args)
          : this.#current.startInterval(() => callback(...args), ms),
    );
    this.#replace(globalThis, 'setImmediate', (callback: Callback, ...args: unknown[]) =>
      this.#current === undefined
        ? real.setImmediate(callback, ...args)
        : this.#current.startImmediate(() => callback(...args)),
    );
    for (const name of ['clearTimeout', 'clearInterval', 'clearImmediate'] as const) {
      const clear = globalThis[name] as (timer: unknown) => void;
      this.#replace(globalThis, name, (timer: unknown) => {
        if (timer instanceof VirtualTimer) timer.cancel();
        else clear(timer);
      });
    }
    this.#replace(process, 'nextTick', (callback: Callback, ...args: unknown[]) => {
      if (this.#current === undefined) realNextTick(callback, ...args);
      else this.#ticks.push(() => callback(...args));
    });
    const { now: realNow } = performance;
    this.#replace(performance, 'now', () => this.#current?.nowMs ?? realNow.call(performance));
    const { now: realDate } = Date;
    this.#replace(Date, 'now', () => this.#current?.wallMs ?? realDate());
    const { random: realRandom } = Math;
    this.#replace(Math, 'random', () => this.#current?.random.next() ?? realRandom());
    const realUuid = crypto.randomUUID.bind(crypto);
    this.#replace(crypto, 'randomUUID', () => this.#current?.uuid() ?? realUuid());
    const realInterfaces = os.networkInterfaces;
    this.#replace(os, 'networkInterfaces', () =>
      this.#current === undefined ? realInterfaces() : noInterfaces(),
    );
    syncBuiltinESMExports();
  }

  [Symbol.dispose](): void {
    for (const restore of this.#restores.splice(0)) restore();
    syncBuiltinESMExports();
    VirtualGlobals.#isInstalled = false;
  }

  /** Code of a process was entered, and {@link settle} is due. */
  get isUnsettled(): boolean {
    return this.#current !== undefined;
  }

  /** Runs code of this process, the only one that this event may enter. */
  enter(process: ClientProcess, run: () => void): void {
    if (this.#current !== undefined && this.#current !== process) {
      throw new Error(`an event of ${this.#current.name} enters ${process.name}`);
    }
    this.#current = process;
    run();
  }

  /** Code of a process failed as it must not: the history ends with this error. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** Calls back when nothing is left of what was entered; with an error if there was one that nobody caught. */
  settle(onSettled: (failure: { readonly error: unknown } | undefined) => void): void {
    try {
      this.#runTicks();
    } catch (error) {
      this.fail(error);
    }
    // A tick that was asked for by a microtask comes when there are no more microtasks.
    queueMicrotask(() =>
      realNextTick(() => {
        if (this.#ticks.length > 0 && this.#failure === undefined) {
          this.settle(onSettled);
          return;
        }
        this.#current = undefined;
        onSettled(this.#failure);
      }),
    );
  }

  #runTicks(): void {
    for (;;) {
      const tick = this.#ticks.shift();
      if (tick === undefined) return;
      tick();
    }
  }

  #replace(owner: object, name: string, value: unknown): void {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
    this.#restores.push(() => {
      if (before === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, before);
    });
  }
}

type Callback = (...args: unknown[]) => void;
