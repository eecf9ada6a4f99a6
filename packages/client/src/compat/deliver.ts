/**
 * How what happened reaches the functions of the user.
 *
 * node-zookeeper-client calls callbacks, watchers and listeners from within the socket's handler, in the order of what the server
 * sent. Here each is called in exactly one microtask of its own, queued when it happened, and so in the same order; what it
 * throws ends nothing but itself.
 */

/** Calls a function of the user now. What it throws becomes an uncaught exception, as if nobody of ours had called it. */
export function callUser<Args extends readonly unknown[]>(
  call: (...args: Args) => unknown,
  ...args: Args
): void {
  try {
    call(...args);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** Calls a function of the user in its turn. */
export function deliver<Args extends readonly unknown[]>(
  call: (...args: Args) => unknown,
  ...args: Args
): void {
  queueMicrotask(() => callUser(call, ...args));
}
