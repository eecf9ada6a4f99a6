import { OpCode } from '@zooid/protocol';
import { BoundedQueue } from './bounded-queue.ts';
import type { Chroot } from './chroot.ts';
import { UnimplementedError, WatchOverflowError } from './errors.ts';
import { onAbort } from './on-abort.ts';
import type { WatchOptions } from './options.ts';
import type { Session } from './session/session.ts';
import type { LastingWatch } from './session/watch-registry.ts';
import { modeOf } from './session/watch-renewal.ts';
import { WatchEmulation } from './watch-emulation.ts';
import type { WatchEvent } from './watch-event.ts';
import { removeLasting } from './watch-removal.ts';

const QUEUED_MAX_DEFAULT = 65_536;

/**
 * The events of one znode, or of all below it, for `for await`.
 *
 * Registered again on every new connection; then a `gap` comes first, unless nothing can have been missed. Ends with the
 * session's error, with `WatchOverflowError` when events are not taken fast enough, or quietly when it is closed or its
 * signal fires.
 */
export class WatchStream implements AsyncIterableIterator<WatchEvent>, AsyncDisposable {
  /** Resolves when the server has the watch: every change from then on is told. Rejects when it refuses. */
  readonly ready: Promise<void>;

  readonly #session: Session;
  readonly #watch: LastingWatch;
  readonly #events: BoundedQueue<WatchEvent>;
  readonly #stopSignal: (() => void) | undefined;
  #emulation: WatchEmulation | undefined;
  #removal: Promise<void> | undefined;

  constructor(session: Session, chroot: Chroot, path: string, options: WatchOptions) {
    const { recursive = false, maxQueued = QUEUED_MAX_DEFAULT, signal } = options;
    this.#session = session;
    this.#events = new BoundedQueue(maxQueued, () => void this.close());
    this.#watch = {
      mode: recursive ? 'recursive' : 'persistent',
      path: chroot.toServer('watch', path),
      onEvent: (type, eventPath) => this.#push({ type, path: chroot.toClient(eventPath) }),
      onGap: () => this.#push({ type: 'gap', path }),
      onEnd: (error) => this.#finish(error),
    };
    this.ready = signal?.aborted ? Promise.resolve() : this.#register();
    // Who iterates gets the error there.
    this.ready.catch(() => undefined);
    if (signal?.aborted) this.#events.end();
    else if (signal !== undefined) this.#stopSignal = onAbort(signal, () => void this.close());
  }

  next(): Promise<IteratorResult<WatchEvent>> {
    return this.#events.next();
  }

  /** Ends the watch; what `break` does in a loop. */
  async return(): Promise<IteratorResult<WatchEvent>> {
    await this.close();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends the watch, here and, where no other stream needs it, on the server. Never rejects; again is harmless. */
  close(): Promise<void> {
    this.#removal ??= this.#remove();
    return this.#removal;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #register(): Promise<void> {
    const { path } = this.#watch;
    // Known from now on, so that nobody who leaves takes the server's watch away under us.
    this.#session.watches.expectLasting(this.#watch);
    try {
      await this.#session.call({
        operation: 'watch',
        path,
        request: {
          op: OpCode.addWatch,
          path,
          mode: modeOf(this.#watch),
        },
        decode: () => this.#session.watches.confirmLasting(this.#watch),
        effect: 'none',
      });
    } catch (error) {
      this.#session.watches.removeLasting(this.#watch);
      if (error instanceof UnimplementedError) {
        await this.#emulate();
      } else {
        this.#finish(error);
        throw error;
      }
    }
  }

  /** Servers before 3.6 know no lasting watches: one-shot watches, set again after each event, do their work. */
  async #emulate(): Promise<void> {
    if (this.#removal !== undefined) return;
    this.#emulation = new WatchEmulation(this.#session, this.#watch);
    await this.#emulation.start();
  }

  #push(event: WatchEvent): void {
    if (this.#events.push(event)) return;
    this.#finish(new WatchOverflowError({ operation: 'watch', path: event.path }));
    void this.close();
  }

  #finish(error: unknown): void {
    this.#stopSignal?.();
    this.#events.fail(error);
  }

  async #remove(): Promise<void> {
    this.#stopSignal?.();
    this.#events.end();
    if (this.#emulation === undefined) await removeLasting(this.#session, this.#watch);
    else await this.#emulation.stop();
  }
}
