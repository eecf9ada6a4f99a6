import { onAbort } from '@zooid/client/waiting';
import { Latest } from './latest.ts';

export interface ChangesOptions {
  /** Ends the iteration. */
  readonly signal?: AbortSignal | undefined;
}

interface FollowerOptions extends ChangesOptions {
  /** Is called when the follower takes no more. */
  readonly onEnd?: (() => void) | undefined;
}

/** A value that changes, and those who follow it. */
export class LatestFeed<T> {
  readonly #followers = new Set<Latest<T>>();
  #end: { readonly error: unknown } | 'quiet' | undefined;

  /** The changes from now on; `first`, when given, before them. */
  follow({ signal, onEnd }: FollowerOptions = {}, first?: { readonly value: T }): Latest<T> {
    const follower: Latest<T> = new Latest(() => {
      this.#followers.delete(follower);
      stop?.();
      onEnd?.();
    });
    const stop = signal && onAbort(signal, () => follower.end());
    this.#followers.add(follower);
    if (first !== undefined) follower.push(first.value);
    if (this.#end !== undefined) end(follower, this.#end);
    if (signal?.aborted) follower.end();
    return follower;
  }

  push(value: T): void {
    for (const follower of this.#followers) follower.push(value);
  }

  /** Ends all, and those that will come: with an error if there is one. */
  end(reason: { readonly error: unknown } | 'quiet'): void {
    this.#end ??= reason;
    for (const follower of [...this.#followers]) end(follower, this.#end);
  }
}

function end<T>(follower: Latest<T>, reason: { readonly error: unknown } | 'quiet'): void {
  if (reason === 'quiet') follower.end();
  else follower.fail(reason.error);
}
