/**
 * What a client may rely on, checked against the committed history:
 *
 * - a write is answered with the zxid at which it stands in the history, once, and above every write that was answered before it was sent;
 * - a read shows the state at the zxid in its answer; answers of one session never go back;
 * - answers come in the order of the requests;
 * - the event of a watch comes before any answer that shows the change, and none comes without one.
 */

import {
  decodeTxnHeader,
  ErrorCode,
  EventType,
  JuteReader,
  OpCode,
  type Request,
  type Response,
} from '@zooid/protocol';
import { type Checks, type KnownTxn, zxidText } from './checks.ts';
import { Model } from './model.ts';

/** A leader hears of a learner's clients with the learner's next answer to a ping. */
const EARLY_MS_MAX = 1000;

/** Of the history, and what to do with a violation. */
type HistoryFacts = Pick<Checks, 'fail' | 'committedZxid' | 'nowMs'>;

/** A request that is on its way. */
export interface SentRequest {
  readonly xid: number;
  readonly request: Request;
  /** Unique text that the request writes; undefined for a read. */
  readonly token: string | undefined;
  /** The highest zxid of a write that was answered to anybody when this was sent. */
  readonly floorZxid: number;
}

export interface Watch {
  readonly path: string;
  readonly kind: 'data' | 'child';
  /** The state that the client saw when it left the watch. */
  zxid: number;
}

/** What one session was told. */
export interface SessionView {
  readonly name: string;
  /** 0n while there is none. */
  sessionId: bigint;
  /** As the server granted it, ms. */
  timeoutMs: number;
  lastZxid: number;
  /** When a server was heard last. */
  heardMs: number;
  /** Those that have not fired; of this connection. */
  watches: Watch[];
}

export class SessionChecks {
  readonly model: Model;
  readonly #checks: HistoryFacts;
  #answeredZxid = 0;
  /** Texts whose write was refused: they must never show up. */
  readonly #refused = new Set<string>();
  /** Sessions whose end was proposed. */
  readonly #closing = new Set<bigint>();
  readonly #views: SessionView[] = [];
  #peaceSinceMs: number | undefined;

  constructor(checks: HistoryFacts) {
    this.#checks = checks;
    this.model = new Model((check, message) => checks.fail(check, message));
  }

  onCommitted(txn: Pick<KnownTxn, 'zxid' | 'bytes'>): void {
    this.model.apply(txn);
  }

  onSend(xid: number, request: Request, token: string | undefined): SentRequest {
    return { xid, request, token, floorZxid: this.#answeredZxid };
  }

  onReply(
    view: SessionView,
    sent: SentRequest,
    reply: { readonly zxid: number; readonly err: number },
    body: Response | undefined,
  ): void {
    const { zxid, err } = reply;
    this.#assertShown(view, zxid);
    if (isWrite(sent.request)) this.#onWriteReply(view, sent, zxid, err, body);
    else if (sent.request.op !== OpCode.sync)
      this.#onReadReply(view, sent.request, zxid, err, body);
  }

  /** A server says that the session is no more: its end is committed, or it never began. */
  onExpired(view: SessionView): void {
    if (this.model.hasSession(view.sessionId) && !this.#closing.has(view.sessionId)) {
      this.#fail(view, 'session', `is told that its session ended, and it has not`);
    }
  }

  /** A write of this unique text was refused: it must never show up. */
  onRefused(token: string): void {
    this.#refused.add(token);
  }

  onPing(view: SessionView, zxid: number): void {
    this.#assertShown(view, zxid);
  }

  /** @param how - `missed`: told on setWatches, so that its zxid is unknown. */
  onEvent(view: SessionView, type: number, path: string, zxid: number): void {
    if (zxid > this.#checks.committedZxid) {
      this.#fail(view, 'uncommitted-shown', `hears of ${zxidText(zxid)}, which is not committed`);
    }
    const isChild = type === EventType.nodeChildrenChanged;
    const isFired = ({ path: watched, kind }: Watch) =>
      watched === path && (type === EventType.nodeDeleted || isChild === (kind === 'child'));
    const fired = view.watches.filter(isFired);
    if (fired.length === 0) {
      this.#fail(view, 'watch-spurious', `hears ${type} of ${path}, which it does not watch`);
    }
    for (const watch of fired) {
      const first = this.#triggerOf(watch);
      if (first === undefined || (zxid > 0 && first !== zxid)) {
        this.#fail(
          view,
          'watch-wrong',
          `hears ${type} of ${path} at ${zxidText(zxid)}, the change is at ${zxidText(first ?? 0)}`,
        );
      }
    }
    view.watches = view.watches.filter((watch) => !isFired(watch));
  }

  /** The run is over: what was refused has not happened. */
  onEnd(): void {
    for (const token of this.#refused) {
      if (this.model.tokenZxid(token) !== undefined) {
        this.#checks.fail('refused-done', `${token} was refused, and written`);
      }
    }
  }

  /** From now on the sessions of this client must not end too early. */
  watchOver(view: SessionView): void {
    this.#views.push(view);
  }

  /** @param sinceMs - nothing disturbs the ensemble since then; undefined: something may. */
  setPeace(sinceMs: number | undefined): void {
    this.#peaceSinceMs = sinceMs;
  }

  /** While nothing disturbs the ensemble, its leader hears of every client in time. */
  #assertNotEarly(sessionId: bigint): void {
    const view = this.#views.find((one) => one.sessionId === sessionId);
    if (view === undefined || this.#peaceSinceMs === undefined) return;
    const { nowMs } = this.#checks;
    const { timeoutMs, heardMs } = view;
    // What was heard before the peace a leader may not have been told.
    if (heardMs < this.#peaceSinceMs + timeoutMs) return;
    if (nowMs - heardMs < timeoutMs - EARLY_MS_MAX) {
      this.#fail(
        view,
        'session-early',
        `loses its session ${Math.round(nowMs - heardMs)} ms after it was heard`,
      );
    }
  }

  /** A leader that has proposed the end of a session sends its client away, whatever becomes of the proposal. */
  onProposed(bytes: Uint8Array, start: number, end: number): void {
    const { sessionId, type, cxid } = decodeTxnHeader(new JuteReader(bytes.subarray(start, end)));
    if (type !== OpCode.closeSession) return;
    this.#closing.add(sessionId);
    if (cxid === 0) this.#assertNotEarly(sessionId);
  }

  #assertShown(view: SessionView, zxid: number): void {
    if (zxid > this.#checks.committedZxid) {
      this.#fail(view, 'uncommitted-shown', `is shown ${zxidText(zxid)}, which is not committed`);
    }
    if (zxid < view.lastZxid) {
      this.#fail(view, 'monotone', `sees ${zxidText(zxid)} after ${zxidText(view.lastZxid)}`);
    }
    view.lastZxid = zxid;
    for (const watch of view.watches) {
      const first = this.#triggerOf(watch);
      if (first !== undefined && first <= zxid) {
        this.#fail(
          view,
          'watch-late',
          `is shown ${zxidText(zxid)} without the event of ${watch.path} at ${zxidText(first)}`,
        );
      }
    }
  }

  /** When a watch fires. */
  #triggerOf({ path, kind, zxid }: Watch): number | undefined {
    const own = this.model.firstChangeAfter(path, zxid);
    if (kind === 'data') return own;
    const child = this.model.firstChildChangeAfter(path, zxid);
    // New data does not concern a watch of children, the end of the znode does.
    const end = own !== undefined && this.#endAfter(path, zxid);
    const ends = typeof end === 'number' ? end : Number.POSITIVE_INFINITY;
    const first = Math.min(child ?? Number.POSITIVE_INFINITY, ends);
    return first === Number.POSITIVE_INFINITY ? undefined : first;
  }

  #endAfter(path: string, zxid: number): number | undefined {
    let from = zxid;
    for (;;) {
      const next = this.model.firstChangeAfter(path, from);
      if (next === undefined) return undefined;
      if (this.model.at(path, next) === undefined) return next;
      from = next;
    }
  }

  #onWriteReply(
    view: SessionView,
    sent: SentRequest,
    zxid: number,
    err: number,
    body: Response | undefined,
  ): void {
    const { xid, token, floorZxid } = sent;
    if (this.#isLocal(view, sent.request, err)) {
      if (token !== undefined) this.#refused.add(token);
      return;
    }
    const write = this.model.writeAt(zxid);
    if (write?.sessionId !== view.sessionId || write.xid !== xid) {
      this.#fail(view, 'write-lost', `is told that ${xid} is ${zxidText(zxid)}, which is another`);
    }
    if (zxid <= floorZxid) {
      this.#fail(view, 'linearizable', `writes ${zxidText(zxid)} after ${zxidText(floorZxid)}`);
    }
    this.#answeredZxid = Math.max(this.#answeredZxid, zxid);
    const isDone = err === ErrorCode.ok && !hasFailed(body);
    if (token === undefined) return;
    if (!isDone) this.#refused.add(token);
    else if (this.model.tokenZxid(token) !== zxid) {
      this.#fail(view, 'write-lost', `is told that ${token} is written at ${zxidText(zxid)}`);
    }
  }

  /** What concerns only a session that the ensemble has never heard of is decided by its server, without a transaction. */
  #isLocal({ sessionId }: SessionView, { op }: Request, err: number): boolean {
    const { model } = this;
    if (model.hasSession(sessionId) || model.endOf(sessionId) !== undefined) return false;
    return op === OpCode.closeSession || err === ErrorCode.ephemeralOnLocalSession;
  }

  #onReadReply(
    view: SessionView,
    request: Request,
    zxid: number,
    err: number,
    body: Response | undefined,
  ): void {
    // What it sent behind the end of its session, which its server knows of first.
    if (err === ErrorCode.sessionExpired && this.#closing.has(view.sessionId)) return;
    switch (request.op) {
      case OpCode.getData:
      case OpCode.exists: {
        const { path } = request;
        const expected = this.model.at(path, zxid);
        const isRight =
          expected === undefined
            ? err === ErrorCode.noNode
            : err === ErrorCode.ok && isSameVersion(body, expected);
        if (!isRight) this.#fail(view, 'read', `reads ${path} wrongly at ${zxidText(zxid)}`);
        const isLeft = err === ErrorCode.ok || request.op === OpCode.exists;
        if (request.watch && isLeft) addWatch(view, { path, kind: 'data', zxid });
        return;
      }
      case OpCode.getChildren: {
        const { path } = request;
        const isThere = this.model.at(path, zxid) !== undefined;
        const expected = this.model.childrenAt(path, zxid);
        const isRight = isThere
          ? body?.op === OpCode.getChildren && [...body.children].sort().join() === expected.join()
          : err === ErrorCode.noNode;
        if (!isRight) {
          this.#fail(view, 'read', `reads children of ${path} wrongly at ${zxidText(zxid)}`);
        }
        if (request.watch && isThere) addWatch(view, { path, kind: 'child', zxid });
        return;
      }
      default:
    }
  }

  #fail(view: SessionView, check: string, message: string): never {
    return this.#checks.fail(check, `${view.name} ${message}`);
  }
}

function addWatch(view: SessionView, watch: Watch): void {
  const isThere = view.watches.some(({ path, kind }) => path === watch.path && kind === watch.kind);
  if (!isThere) view.watches.push(watch);
}

function isSameVersion(
  body: Response | undefined,
  expected: {
    readonly data: string;
    readonly version: number;
    readonly czxid: number;
    readonly owner: bigint;
  },
): boolean {
  if (body?.op !== OpCode.getData && body?.op !== OpCode.exists) return false;
  const { stat } = body;
  const isStatRight =
    stat.version === expected.version &&
    stat.czxid === expected.czxid &&
    stat.ephemeralOwner === expected.owner;
  if (!('data' in body)) return isStatRight;
  return isStatRight && new TextDecoder().decode(body.data ?? new Uint8Array(0)) === expected.data;
}

/** A multi is answered with code 0 also when it was refused. */
function hasFailed(body: Response | undefined): boolean {
  return body?.op === OpCode.multi && body.results.some(({ op }) => op === OpCode.error);
}

function isWrite({ op }: Request): boolean {
  return (
    op === OpCode.create ||
    op === OpCode.create2 ||
    op === OpCode.setData ||
    op === OpCode.delete ||
    op === OpCode.multi ||
    op === OpCode.reconfig ||
    op === OpCode.closeSession
  );
}
