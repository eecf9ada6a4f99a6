/**
 * What clients of real servers asked and were told, in the order in which it happened, and the checks of the simulator over it: when all is over the
 * committed history is read from the logs of the servers, and everything that was told is compared with it.
 */
import { readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Request, Response } from '@zooid/protocol';
import { LogScan } from '@zooid/server/files';
import {
  type ClientSocket,
  type ClientWorld,
  SeededRandom,
  type SentRequest,
  SessionChecks,
  type SessionView,
  SimulatedClient,
  type SocketHandler,
  Violation,
} from '@zooid/sim';
import { pollUntil } from './process.ts';

/** They ask as fast as this, all the time: mean pause between two batches, ms. */
const PACE = { pauseMs: 40, batchMax: 4 };

/** Something that a client heard, with what it knew before. */
interface Heard {
  readonly view: SessionView;
  readonly sessionId: bigint;
  readonly lastZxid: number;
  /** The watches are those of a new connection. */
  readonly isNewConnection: boolean;
  readonly check: (checks: SessionChecks, view: SessionView) => void;
}

/** Clients that ask real servers at random, and remember. */
export class RecordedClients implements AsyncDisposable {
  readonly clients: readonly SimulatedClient[];
  readonly #events: (Heard | ((checks: SessionChecks) => void))[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #lastWatches = new Map<SessionView, readonly unknown[]>();
  /** By what the client holds: what the checks made of it. */
  readonly #sent = new Map<SentRequest, SentRequest>();
  #failure: unknown;
  #isClosed = false;

  constructor(
    addresses: readonly string[],
    options: { count: number; seed: number; tickTimeMs: number },
  ) {
    const world = this.#world(addresses, options);
    this.clients = Array.from(
      { length: options.count },
      (_, i) => new SimulatedClient(world, `c${i + 1}`),
    );
    for (const client of this.clients) {
      client.pace = PACE;
      client.start();
    }
  }

  /** Resolves when each has written so often again, and was answered. @throws what went wrong with one. */
  async progress(count: number): Promise<void> {
    const due = this.clients.map(({ doneCount }) => doneCount + count);
    await this.#until(
      () => this.clients.every(({ doneCount }, i) => doneCount >= due[i]!),
      `${count} writes more of each client`,
    );
  }

  /** Nobody asks for anything any more, and everybody is answered. */
  async finish(): Promise<void> {
    for (const client of this.clients) client.stop();
    await this.#until(
      () => this.clients.every(({ outstandingCount }) => outstandingCount === 0),
      'the last answers',
    );
    await this[Symbol.asyncDispose]();
  }

  /**
   * Compares what was told with what is in the logs, after {@link finish}.
   *
   * @param directories - `version-2` of each server, all of which are down.
   * @returns how much was told. @throws Violation
   */
  async check(directories: readonly string[]): Promise<number> {
    const txns = await committedTxns(directories);
    const facts = {
      committedZxid: txns.at(-1)?.zxid ?? 0,
      nowMs: 0,
      fail: (check: string, message: string): never => {
        throw new Violation(check, message);
      },
    };
    const checks = new SessionChecks(facts);
    for (const txn of txns) {
      checks.onProposed(txn.bytes, 0, txn.bytes.byteLength);
      checks.onCommitted(txn);
    }
    const views = new Map<SessionView, SessionView>();
    for (const event of this.#events) {
      if (typeof event === 'function') event(checks);
      else replay(event, checks, views);
    }
    checks.onEnd();
    return this.#events.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
  }

  async #until(isDone: () => boolean, what: string): Promise<void> {
    await pollUntil(
      async () => {
        if (this.#failure !== undefined) throw this.#failure;
        return isDone() ? true : undefined;
      },
      60_000,
      () => what,
    );
  }

  #world(
    addresses: readonly string[],
    { seed, tickTimeMs }: { seed: number; tickTimeMs: number },
  ): ClientWorld {
    const hear = (view: SessionView, check: Heard['check']) => this.#hear(view, check);
    return {
      random: new SeededRandom(seed),
      options: { tickTimeMs },
      machines: addresses.map((name) => ({ name })),
      scheduler: {
        get nowMs() {
          return performance.now();
        },
        after: (delayMs, run) => this.#after(delayMs, run),
      },
      network: { connect: (_from, to, _port, done) => this.#connect(to, done) },
      trace: { add: () => {} },
      checks: {
        fail: (check, message) => {
          throw new Violation(check, message);
        },
      },
      sessions: {
        // What clients believe to be there: nothing, as none of it is known yet.
        model: new SessionChecks({ committedZxid: 0, nowMs: 0, fail: neverFails }).model,
        watchOver: () => {},
        onSend: (xid, request, token) => this.#onSend(xid, request, token),
        onReply: (view, sent, reply, body) => {
          hear(view, (checks, shadow) => this.#checkReply(checks, shadow, sent, reply, body));
          view.lastZxid = reply.zxid;
        },
        onPing: (view, zxid) => {
          hear(view, (checks, shadow) => checks.onPing(shadow, zxid));
          view.lastZxid = zxid;
        },
        onEvent: (view, type, path, zxid) =>
          hear(view, (checks, shadow) => checks.onEvent(shadow, type, path, zxid)),
        onExpired: (view) => hear(view, (checks, shadow) => checks.onExpired(shadow)),
      },
    };
  }

  #onSend(xid: number, request: Request, token: string | undefined): SentRequest {
    const sent: SentRequest = { xid, request, token, floorZxid: 0 };
    this.#events.push((checks) => this.#sent.set(sent, checks.onSend(xid, request, token)));
    return sent;
  }

  #checkReply(
    checks: SessionChecks,
    view: SessionView,
    sent: SentRequest,
    reply: { readonly zxid: number; readonly err: number },
    body: Response | undefined,
  ): void {
    checks.onReply(view, this.#sent.get(sent)!, reply, body);
    this.#sent.delete(sent);
  }

  #hear(view: SessionView, check: Heard['check']): void {
    const { sessionId, lastZxid, watches } = view;
    const isNewConnection = this.#lastWatches.get(view) !== watches;
    this.#lastWatches.set(view, watches);
    this.#events.push({ view, sessionId, lastZxid, isNewConnection, check });
  }

  #guarded(run: () => void): void {
    if (this.#isClosed) return;
    try {
      run();
    } catch (error) {
      this.#failure ??= error;
    }
  }

  #after(delayMs: number, run: () => void): void {
    if (this.#isClosed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#guarded(run);
    }, delayMs);
    this.#timers.add(timer);
  }

  #connect(to: string, done: (socket: ClientSocket | undefined) => void): void {
    if (this.#isClosed) return;
    const [host, port] = to.split(':');
    const socket = connect({ host: host!, port: Number(port), noDelay: true });
    this.#sockets.add(socket);
    const client: ClientSocket & { handler: SocketHandler | undefined } = {
      handler: undefined,
      send: (bytes) => void socket.write(bytes),
      end: () => {
        client.handler = undefined;
        socket.destroy();
      },
      break: () => socket.resetAndDestroy(),
    };
    let isConnected = false;
    socket.on('connect', () => {
      isConnected = true;
      this.#guarded(() => done(client));
    });
    socket.on('data', (chunk) => this.#guarded(() => client.handler?.onData(chunk)));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#guarded(() => (isConnected ? client.handler?.onEnd() : done(undefined)));
    });
  }
}

function replay(
  { view, sessionId, lastZxid, isNewConnection, check }: Heard,
  checks: SessionChecks,
  views: Map<SessionView, SessionView>,
): void {
  const known = views.get(view);
  const shadow = known ?? { ...view, watches: [] };
  views.set(view, shadow);
  shadow.sessionId = sessionId;
  shadow.lastZxid = lastZxid;
  if (isNewConnection) shadow.watches = [];
  check(checks, shadow);
}

/** Every transaction that a server has in its logs, in order. @throws when two servers differ in one, or one is missing. */
async function committedTxns(
  directories: readonly string[],
): Promise<{ readonly zxid: number; readonly bytes: Uint8Array }[]> {
  const found = new Map<number, Uint8Array>();
  for (const directory of directories) {
    const names = (await readdir(directory)).filter((name) => name.startsWith('log.'));
    for (const name of names) {
      const scan = new LogScan(join(directory, name));
      for (const { zxid, bytes, start, end } of scan.records()) {
        const txn = bytes.slice(start, end);
        const known = found.get(zxid);
        if (known !== undefined && Buffer.compare(known, txn) !== 0) {
          throw new Violation('history', `${directory} has another 0x${zxid.toString(16)}`);
        }
        found.set(zxid, txn);
      }
      scan.close();
    }
  }
  const txns = [...found].map(([zxid, bytes]) => ({ zxid, bytes })).sort((a, b) => a.zxid - b.zxid);
  for (const [i, { zxid }] of txns.entries()) {
    const isFirstOfEpoch = zxid % 2 ** 32 === 1;
    if (!isFirstOfEpoch && txns[i - 1]?.zxid !== zxid - 1) {
      throw new Violation('history', `nobody has what comes before 0x${zxid.toString(16)}`);
    }
  }
  return txns;
}

function neverFails(): never {
  throw new Error('nothing is checked yet');
}
