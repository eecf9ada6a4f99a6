import type { LoadExtent } from './load-meter.ts';
import { type Busyness, ProcessorClock } from './processor-clock.ts';

/** Reads a {@link ProcessorClock} over the measured part of a load. */
export class BusyClock {
  /** Once stopped: who kept how many cores busy. */
  busyness: Busyness | undefined;

  readonly #serverPids: readonly number[];
  readonly #timers: NodeJS.Timeout[] = [];
  #clock: ProcessorClock;

  constructor(extent: LoadExtent, serverPids: readonly number[]) {
    this.#serverPids = serverPids;
    this.#clock = new ProcessorClock(serverPids);
    if (extent.kind === 'count') return;
    this.#timers.push(setTimeout(() => this.#restart(), extent.warmUpMs));
    this.#timers.push(setTimeout(() => this.stop(), extent.warmUpMs + extent.measureMs));
  }

  stop(): Busyness {
    for (const timer of this.#timers) clearTimeout(timer);
    this.busyness ??= this.#clock.read();
    return this.busyness;
  }

  #restart(): void {
    this.#clock = new ProcessorClock(this.#serverPids);
  }
}
