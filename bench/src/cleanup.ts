/** Puts away what a run leaves, also when it fails or is interrupted: last in, first out. */
export class Cleanup {
  readonly #tasks: (() => void)[] = [];

  constructor() {
    process.once('exit', () => this.run());
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const) {
      process.once(signal, () => process.exit(code));
    }
  }

  /** Registers a task, which must be synchronous and must not throw. Returns a function that runs it now. */
  add(task: () => void): () => void {
    this.#tasks.push(task);
    return () => {
      const index = this.#tasks.indexOf(task);
      if (index < 0) return;
      this.#tasks.splice(index, 1);
      task();
    };
  }

  run(): void {
    for (const task of this.#tasks.splice(0).reverse()) task();
  }
}
