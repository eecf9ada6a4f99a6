import type { ZooKeeper } from '@zooid/client';

/**
 * What all recipes of one session share: one listener on its states and one on its end, however many locks it holds.
 *
 * Lives as long as the session.
 */
export class SessionHub {
  readonly #lostListeners = new Set<(reason: unknown) => void>();
  readonly #suspendedListeners = new Set<() => void>();
  #isConnected: boolean;
  #lossCount = 0;

  constructor(zk: ZooKeeper) {
    this.#isConnected = isConnectedState(zk.state);
    zk.lost.addEventListener('abort', () => this.#onLost(zk.lost.reason), { once: true });
    void this.#follow(zk);
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /**
   * How often the connection was lost. While it stays the same, watch events have come in the order of what happened; those
   * told after a loss come in any order.
   */
  get lossCount(): number {
    return this.#lossCount;
  }

  /** Calls `listener` when the session ends; not if it has ended. @returns what stops it. */
  onLost(listener: (reason: unknown) => void): () => void {
    this.#lostListeners.add(listener);
    return () => this.#lostListeners.delete(listener);
  }

  /** Calls `listener` whenever the connection is lost. @returns what stops it. */
  onSuspended(listener: () => void): () => void {
    this.#suspendedListeners.add(listener);
    return () => this.#suspendedListeners.delete(listener);
  }

  async #follow(zk: ZooKeeper): Promise<void> {
    for await (const state of zk.states()) {
      this.#isConnected = isConnectedState(state);
      if (state !== 'suspended') continue;
      this.#lossCount++;
      for (const listener of [...this.#suspendedListeners]) listener();
    }
  }

  #onLost(reason: unknown): void {
    const listeners = [...this.#lostListeners];
    this.#lostListeners.clear();
    for (const listener of listeners) listener(reason);
  }
}

const hubs = new WeakMap<AbortSignal, SessionHub>();

/** The hub of a client's session; the same for all clients that were made of one by `under`. */
export function sessionHubOf(zk: ZooKeeper): SessionHub {
  let hub = hubs.get(zk.lost);
  if (hub === undefined) {
    hub = new SessionHub(zk);
    hubs.set(zk.lost, hub);
  }
  return hub;
}

function isConnectedState(state: ZooKeeper['state']): boolean {
  return state === 'connected' || state === 'read-only';
}
