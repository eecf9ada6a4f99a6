/** What a client needs of the world around it: the simulated one, or real servers and a real clock. */

import type { SessionChecks } from './checks/session-checks.ts';
import type { SeededRandom } from './random.ts';
import type { SocketHandler } from './simulated-network.ts';

/** A connection with a server. */
export interface ClientSocket {
  /** Set before anything can arrive. */
  handler: SocketHandler | undefined;
  /** Sends bytes, which must stay as they are. */
  send(bytes: Uint8Array): void;
  end(): void;
  /** The connection breaks: what is on its way is lost. This side is told after `hereMs`, the other after `thereMs`. */
  break(hereMs: number, thereMs: number): void;
}

export interface ClientWorld {
  readonly random: SeededRandom;
  readonly options: { readonly tickTimeMs: number };
  /** The servers. */
  readonly machines: readonly { readonly name: string }[];
  readonly scheduler: {
    /** Monotonic. */
    readonly nowMs: number;
    after(delayMs: number, run: () => void): unknown;
  };
  readonly network: {
    /** @param done - is given nothing when nobody listens. */
    connect(
      from: string,
      to: string,
      port: 'client',
      done: (socket: ClientSocket | undefined) => void,
    ): void;
  };
  readonly trace: {
    add(who: string, what: string, a?: number, b?: number, details?: string): void;
  };
  readonly checks: { fail(check: string, message: string): never };
  readonly sessions: Pick<
    SessionChecks,
    'watchOver' | 'onSend' | 'onReply' | 'onEvent' | 'onPing' | 'onExpired' | 'model'
  >;
}
