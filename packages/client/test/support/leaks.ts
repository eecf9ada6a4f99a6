/**
 * What a test leaves behind: sockets, timers, listeners on signals, clients that are not closed, calls nobody answered, watches.
 *
 * {@link checkLeaks} compares the process after each test with what it was before: the client must have given everything
 * back when it is closed.
 */

import { getEventListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect } from 'vitest';
import type { ConnectOptions, ZooKeeper } from '../../src/index.ts';
import { connect } from '../../src/index.ts';

/** What has been opened and not closed. */
export interface Leaks {
  /** Resources that keep the process alive, by type, with how many there are more than before. */
  readonly resources: Readonly<Record<string, number>>;
  /** Listeners that still wait for a signal. */
  readonly signalListeners: number;
}

// Those that the test runner opens as it likes.
const FOREIGN: ReadonlySet<string> = new Set([
  'MessagePort',
  'PipeWrap',
  'TTYWrap',
  'ProcessWrap',
  'FSReqPromise',
  'FSReqCallback',
  'CloseReq',
  'FileHandleCloseReq',
  'Immediate',
]);

/** Whether the call below the topmost two lines is of this package: the test runner listens to signals of its own. */
function isOurs(stack = ''): boolean {
  return stack.split('\n')[2]?.includes('/packages/client/') ?? false;
}

function countResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) {
    if (!FOREIGN.has(type)) counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return counts;
}

/** Watches this process from its start until {@link LeakWatch.stop}. */
export class LeakWatch {
  readonly #before = countResources();
  readonly #signals = new Set<AbortSignal>();
  readonly #addEventListener = EventTarget.prototype.addEventListener;

  constructor() {
    const signals = this.#signals;
    const original = this.#addEventListener;
    EventTarget.prototype.addEventListener = function (this: EventTarget, ...args) {
      if (this instanceof AbortSignal && isOurs(new Error().stack)) signals.add(this);
      original.apply(this, args);
    };
  }

  /** What is there now and was not before. */
  now(): Leaks {
    const resources: Record<string, number> = {};
    for (const [type, count] of countResources()) {
      const more = count - (this.#before.get(type) ?? 0);
      if (more > 0) resources[type] = more;
    }
    let signalListeners = 0;
    for (const signal of this.#signals) {
      if (!signal.aborted) signalListeners += getEventListeners(signal, 'abort').length;
    }
    return { resources, signalListeners };
  }

  /** What is left when all that is on its way has come to its end; as it is after `patienceMs` at the latest. */
  async settled(patienceMs: number): Promise<Leaks> {
    const endMs = performance.now() + patienceMs;
    for (;;) {
      const leaks = this.now();
      const isClean = leaks.signalListeners === 0 && Object.keys(leaks.resources).length === 0;
      if (isClean || performance.now() > endMs) return leaks;
      await nextTurn();
    }
  }

  stop(): void {
    EventTarget.prototype.addEventListener = this.#addEventListener;
  }
}

/** How long what was closed may take to be gone, in ms. */
const PATIENCE_MS = 3_000;

const clients: ZooKeeper[] = [];
const owned: AsyncDisposable[] = [];

/** A server or proxy that is closed at the end of the test, behind the clients. */
export function own<T extends AsyncDisposable>(resource: T): T {
  owned.push(resource);
  return resource;
}

/** A client that is looked at, and closed, at the end of the test. */
export async function client(servers: string, options: ConnectOptions = {}): Promise<ZooKeeper> {
  const zk = await connect(servers, { sessionTimeoutMs: 20_000, ...options });
  clients.push(zk);
  return zk;
}

/** For each test of this file or suite: whatever it opened must be closed when it is over. */
export function checkLeaks(): void {
  let watch: LeakWatch;
  // Such as Node's of too many listeners.
  const warnings: string[] = [];
  const onWarning = (warning: Error) => warnings.push(warning.message);
  beforeEach(() => {
    watch = new LeakWatch();
    process.on('warning', onWarning);
  });
  afterEach(async () => {
    const open = clients.splice(0);
    await Promise.all(open.map((zk) => zk.close()));
    for (const resource of owned.splice(0).reverse()) await resource[Symbol.asyncDispose]();
    try {
      for (const zk of open) expect(zk.pendingCount).toBe(0);
      expect(await watch.settled(PATIENCE_MS)).toEqual({ resources: {}, signalListeners: 0 });
      expect(warnings.splice(0)).toEqual([]);
    } finally {
      process.off('warning', onWarning);
      watch.stop();
    }
  });
}
