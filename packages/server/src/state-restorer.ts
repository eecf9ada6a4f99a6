import type { Readable } from 'node:stream';
import type { ServerCore, Turn } from '@zooid/core';
import type { ShellFact } from './report/shell-fact.ts';
import type { RequestGate } from './request-gate.ts';
import type { Storage } from './storage.ts';

export interface StateRestorerParts {
  readonly storage: Storage;
  readonly core: ServerCore;
  readonly turn: Turn;
  readonly gate: RequestGate;
  /** Whether trees keep a digest, which then must be the one that a snapshot states. */
  readonly digest: 'kept' | 'none';
  /** Monotonic. */
  readonly nowMs: () => number;
  readonly report: (fact: ShellFact) => void;
  /** The server stops. */
  readonly signal: AbortSignal;
}

/** Gives the server another state while it runs: the admin command `restore`. One at a time. What is accepted, `state-restore.ts` decides. */
export class StateRestorer {
  readonly #parts: StateRestorerParts;
  #isRestoring = false;

  constructor(parts: StateRestorerParts) {
    this.#parts = parts;
  }

  get isRestoring(): boolean {
    return this.#isRestoring;
  }

  /**
   * Resolves with the zxid of the state in `body`, a snapshot, when that is in force, on disk and in memory.
   *
   * @throws SnapshotRefusedError; a system error; the reason of the signal. Nothing has changed then, unless the log is reported as failed.
   */
  async restore(body: Readable): Promise<number> {
    if (this.#isRestoring) throw new Error('another restore is under way');
    this.#isRestoring = true;
    try {
      return await this.#restore(body);
    } finally {
      this.#isRestoring = false;
    }
  }

  async #restore(body: Readable): Promise<number> {
    const { storage, core, turn, gate, digest, nowMs, report, signal } = this.#parts;
    const startedMs = nowMs();
    // Loaded when it is needed: a server starts sooner without it.
    const { receiveState } = await import('./state-restore.ts');
    const state = await receiveState(core, body, storage.snapshotDirectory, digest, signal);
    await storage.replaceState(state, 'restore', {
      stop: () => gate.close(signal),
      takeOver: (from) => {
        turn.begin();
        core.replaceState(from);
        turn.end();
      },
      goOn: () => gate.open(),
    });
    const { zxid } = state;
    report({ kind: 'tree-restored', zxid, durationMs: nowMs() - startedMs });
    return zxid;
  }
}
