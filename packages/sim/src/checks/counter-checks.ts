/** What a number promises that all add one to: an addition that succeeded was made once, on top of `before`, and nobody's is lost. */

import type { Checks } from './checks.ts';

export class CounterChecks {
  readonly #checks: Checks;
  readonly #values = new Set<bigint>();
  #greatest = 0n;
  #begunCount = 0n;

  constructor(checks: Checks) {
    this.#checks = checks;
  }

  /** Somebody begins to add. @returns what it must come out above. */
  begin(): bigint {
    this.#begunCount++;
    return this.#greatest;
  }

  onAdded(floor: bigint, before: bigint, after: bigint): void {
    if (after !== before + 1n) this.#fail(`${before} and one are ${after}`);
    if (this.#values.has(after)) this.#fail(`two made ${after} of ${before}`);
    if (after <= floor) this.#fail(`${after} comes after ${floor}`);
    if (after > this.#begunCount) this.#fail(`${this.#begunCount} times one are ${after}`);
    this.#values.add(after);
    if (after > this.#greatest) this.#greatest = after;
    this.#checks.note('counted');
  }

  #fail(message: string): never {
    return this.#checks.fail('counter', message);
  }
}
