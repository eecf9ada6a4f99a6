/** A broken invariant: a bug, never bad input. Whoever catches it at the top stops the server. */
export class AssertionError extends Error {
  readonly code = 'ASSERTION';

  constructor(message: string) {
    super(`assertion failed: ${message}`);
    this.name = 'AssertionError';
  }
}

/** Stops on a broken invariant. On in production: to go on in a wrong state is worse than to stop. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Ends an exhaustive switch: compiles only while every case is handled. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`);
}
