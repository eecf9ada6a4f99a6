import type { JuteReader, Request } from '@zooid/protocol';
import type { Outcome } from '../errors.ts';
import { onAbort } from '../on-abort.ts';
import type { OneShotWatch } from './watch-registry.ts';

/**
 * What carrying a request out twice would do.
 *
 * - `none`: it changes nothing in the tree (reads, watches, sync).
 * - `repeatable`: it changes the tree, and its caller said that twice is as good as once.
 * - `once`: it must not be sent again when its answer was lost.
 */
export type Effect = 'none' | 'repeatable' | 'once';

/** Makes a call's result of the reply's body. */
export type DecodeReply<T> = (reader: JuteReader, call: Call) => T;

/** What an operation asks of the session. */
export interface CallSpec<T> {
  /** The method of the public API, for errors. */
  readonly operation: string;
  /** The path as the user gave it, for errors and results. */
  readonly path?: string | undefined;
  /** What is sent; its paths are the server's. */
  readonly request: Request;
  readonly decode: DecodeReply<T>;
  /** The result when the znode is not there, for those to whom that is an answer and no error. */
  readonly whenAbsent?: ((call: Call) => T) | undefined;
  readonly effect: Effect;
  /** Registered when the reply says that the server has it. */
  readonly watch?: OneShotWatch | undefined;
}

/** How long a call may wait. */
export interface CallOptions {
  /** Ends the wait: the promise rejects with the signal's reason. A request that was sent may still be carried out. */
  readonly signal?: AbortSignal | undefined;
  /** Longest wait, in ms; then the promise rejects with `OperationTimeoutError`. No limit unless given. */
  readonly timeoutMs?: number | undefined;
}

// A promise's two functions, on their way from its executor to its call: an executor made for every call would be
// one more closure for each of them.
let nextResolve: (value: never) => void;
let nextReject: (error: unknown) => void;
function takeSettlers(resolve: (value: never) => void, reject: (error: unknown) => void): void {
  nextResolve = resolve;
  nextReject = reject;
}

/**
 * One request and the promise of its answer.
 *
 * Invariants: settled at most once; `xid` and `sentAtMs` mean something only while it is among the sent ones.
 */
export class Call {
  readonly spec: CallSpec<unknown>;
  readonly promise: Promise<unknown>;
  xid = 0;
  /** Bytes of its frame. */
  frameBytes = 0;
  /** When its bytes were handed to the connection; NaN until then. */
  sentAtMs: number = Number.NaN;
  /** When to give up; Infinity for never. */
  readonly deadlineMs: number;
  isSettled = false;
  /** Where the call was made, when the session keeps that. */
  site: Error | undefined = undefined;

  readonly #resolve: (value: never) => void;
  readonly #reject: (error: unknown) => void;
  readonly #stopListening: (() => void) | undefined;

  constructor(spec: CallSpec<unknown>, deadlineMs: number, signal: AbortSignal | undefined) {
    this.spec = spec;
    this.deadlineMs = deadlineMs;
    this.promise = new Promise(takeSettlers);
    this.#resolve = nextResolve;
    this.#reject = nextReject;
    if (signal !== undefined) {
      this.#stopListening = onAbort(signal, () => this.fail(signal.reason));
    }
  }

  /** What it means when it was sent and no answer will come: reads change nothing, whatever became of them. */
  get outcomeWhenLost(): Outcome {
    return this.spec.effect === 'none' ? 'not-applied' : 'unknown';
  }

  /** For its errors. */
  get facts(): { readonly operation: string; readonly path: string | undefined } {
    return { operation: this.spec.operation, path: this.spec.path };
  }

  succeed(value: unknown): void {
    if (this.isSettled) return;
    this.#end();
    this.#resolve(value as never);
  }

  fail(error: unknown): void {
    if (this.isSettled) return;
    this.#end();
    if (this.site !== undefined && error instanceof Error) giveStack(error, this.site);
    this.#reject(error);
  }

  #end(): void {
    this.isSettled = true;
    this.#stopListening?.();
  }
}

/** Lets `error` show the lines of the call in place of those of the socket's handler. */
function giveStack(error: Error, site: Error): void {
  const lines = site.stack?.indexOf('\n') ?? -1;
  if (lines >= 0) error.stack = `${error.name}: ${error.message}${site.stack?.slice(lines)}`;
}
