import type { ServerCore } from '@zooid/core';

/** The client port as the gate needs it. */
export interface GatedPort {
  /** Takes no more requests; what arrives waits in the sockets. */
  hold(): void;
  /** Takes requests again, also those that wait. */
  release(): void;
}

/**
 * Lets the server come to rest without ending anything: requests wait, those in work are finished, time proposes nothing.
 *
 *     open ──close()──► closing ──nothing in work──► at rest ──open()──► open
 */
export class RequestGate {
  readonly #core: Pick<ServerCore, 'outstandingCount'>;
  readonly #port: GatedPort;
  #isAtRest = false;
  #onRest: (() => void) | undefined;

  constructor(core: Pick<ServerCore, 'outstandingCount'>, port: GatedPort) {
    this.#core = core;
    this.#port = port;
  }

  /** Nothing is in work and nothing may begin: time must not be told to the core. */
  get isAtRest(): boolean {
    return this.#isAtRest;
  }

  /** Resolves at rest. @throws the reason of `signal`, if that comes first; the gate is open again then. */
  async close(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#port.hold();
    let onAbort = () => {};
    const rest = new Promise<void>((resolve, reject) => {
      this.#onRest = resolve;
      onAbort = () => reject(signal.reason);
    });
    signal.addEventListener('abort', onAbort);
    this.onProgress();
    try {
      await rest;
    } catch (error) {
      this.open();
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** To be called after every turn that may have finished something. */
  onProgress(): void {
    if (this.#onRest === undefined || this.#core.outstandingCount > 0) return;
    // At once, not when the waiter wakes up: nothing may slip in between.
    this.#isAtRest = true;
    this.#onRest();
    this.#onRest = undefined;
  }

  open(): void {
    this.#isAtRest = false;
    this.#onRest = undefined;
    this.#port.release();
  }
}
