import type { Chroot } from './chroot.ts';
import { deferred } from './deferred.ts';
import type { OneShotWatch, WatchEventType } from './session/watch-registry.ts';
import type { WatchEvent } from './watch-event.ts';

/** What a read with `watch: true` adds to its result. */
export interface Watched {
  /**
   * Resolves with the first change after this result. Rejects when the session ends first. Changes while the connection is lost
   * are told when it is back.
   */
  readonly changed: Promise<WatchEvent>;
  /** Gives the watch up, here and, where nobody else here needs it, on the server. `changed` then never settles. */
  unwatch(): Promise<void>;
}

/** A one-shot watch as a promise. */
export class OneShot implements OneShotWatch {
  readonly kind: OneShotWatch['kind'];
  readonly path: string;
  readonly #chroot: Chroot;
  readonly #changed = deferred<WatchEvent>();

  constructor(kind: OneShotWatch['kind'], serverPath: string, chroot: Chroot) {
    this.kind = kind;
    this.path = serverPath;
    this.#chroot = chroot;
    // Who does not ask for the change does not ask for the error either.
    this.#changed.promise.catch(() => undefined);
  }

  get changed(): Promise<WatchEvent> {
    return this.#changed.promise;
  }

  onEvent(type: WatchEventType, path: string): void {
    this.#changed.resolve({ type, path: this.#chroot.toClient(path) });
  }

  onEnd(error: Error): void {
    this.#changed.reject(error);
  }
}
