import { ErrorCode, JuteReader, JuteWriter, OpCode, TXN_DIGEST_VERSION } from '@zooid/protocol';
import { assert } from '../assert.ts';
import type { Client } from '../client.ts';
import type { DigestLog } from '../digest-log.ts';
import type { Outbox } from '../outbox.ts';
import type { DataTree } from '../tree/data-tree.ts';
import { type Applier, writeMultiEnd, writeMultiResult } from './apply.ts';
import type { AuditTrail } from './audit-trail.ts';

/** What is known of a transaction before its body is read. */
export interface AppliedHeader {
  readonly sessionId: bigint;
  readonly zxid: number;
  readonly timeMs: number;
  /** Which operations of a multi its client sent as create2. */
  readonly create2Indexes?: ReadonlySet<number> | undefined;
}

const TXN_TYPE_AT = 28;
/** More than are committed while a leader sends its state. */
const MIXTURE_TXNS_MAX = 100_000;
/** Bytes of TxnDigest: version int · tree digest long. */
const TXN_DIGEST_BYTES = 12;

/**
 * Applies whole transactions, from the log or committed just now: those of sessions and multis here, those of one znode by the
 * {@link Applier}. What results is the replicated state: the tree, the sessions, and the zxid that they stand at.
 *
 * Source: DataTree.processTxn, ZKDatabase.
 */
export class TxnApplier {
  /** Results of the multi that was applied last: they are sent behind its events. */
  readonly results: JuteWriter = new JuteWriter(1024);

  readonly #digestEnabled: boolean;
  readonly #tree: DataTree;
  readonly #applier: Applier<Client>;
  readonly #outbox: Outbox;
  readonly #digestLog: DigestLog;

  /** Sessions that the applied transactions know, with their timeouts in ms: what a snapshot holds. */
  readonly #sessions = new Map<bigint, number>();
  #lastZxid = 0;
  /** Up to this zxid the tree may be a mixture of moments. */
  #fuzzyUntil = 0;
  /** For so many transactions more the tree may be a mixture, unless a digest fits. */
  #mixtureTxnsLeft = 0;

  readonly #txnReader = new JuteReader();
  readonly #subTxnReader = new JuteReader();
  // Session of the transaction replayed last, and its halves.
  #replayedSessionId = 0n;
  #replayedHigh = 0;
  #replayedLow = 0;

  constructor(parts: {
    readonly options: { readonly digestEnabled: boolean };
    readonly tree: DataTree;
    readonly applier: Applier<Client>;
    readonly outbox: Outbox;
    readonly digestLog: DigestLog;
  }) {
    this.#digestEnabled = parts.options.digestEnabled;
    this.#tree = parts.tree;
    this.#applier = parts.applier;
    this.#outbox = parts.outbox;
    this.#digestLog = parts.digestLog;
  }

  /** Highest zxid applied: what the tree shows. */
  get lastZxid(): number {
    return this.#lastZxid;
  }

  /** Sessions that the applied transactions know, with their timeouts in ms. */
  get sessions(): ReadonlyMap<bigint, number> {
    return this.#sessions;
  }

  /** A session that the snapshot holds. */
  restoreSession(id: bigint, timeoutMs: number): void {
    this.#sessions.set(id, timeoutMs);
  }

  /** @param fuzzyUntilZxid - up to here, inclusive, digests of transactions need not fit the tree. */
  restoredSnapshot(zxid: number, fuzzyUntilZxid: number): void {
    this.#lastZxid = zxid;
    this.#fuzzyUntil = fuzzyUntilZxid;
  }

  /**
   * The tree has taken another state over: these are its zxid and sessions, with their timeouts in ms.
   *
   * @param consistency - `mixture`: it may hold a part of transactions that are still to come, as the state that a leader of Apache's
   *   sends does. Digests need not fit before the first one that does, or for {@link MIXTURE_TXNS_MAX} transactions.
   */
  replaceState(
    zxid: number,
    sessions: ReadonlyMap<bigint, number>,
    consistency: 'exact' | 'mixture',
  ): void {
    this.restoredSnapshot(zxid, zxid);
    this.#mixtureTxnsLeft = consistency === 'mixture' ? MIXTURE_TXNS_MAX : 0;
    this.#sessions.clear();
    for (const [id, timeoutMs] of sessions) this.#sessions.set(id, timeoutMs);
  }

  /** Deletes ephemerals whose session nobody knows. @returns how many there were. */
  closeOrphans(): number {
    let orphanCount = 0;
    for (const [sessionId] of [...this.#tree.ephemeralSessions()]) {
      if (this.#sessions.has(sessionId)) continue;
      orphanCount += this.#tree.ephemeralsOf(sessionId)?.size ?? 0;
      this.#applier.closeSession(sessionId, [], this.#lastZxid);
    }
    return orphanCount;
  }

  /** Applies one transaction of the log: header, body, optional digest in `[start, end)`. @returns its zxid. */
  replay(bytes: Uint8Array, start: number, end: number): number {
    const reader = this.#txnReader;
    reader.reset(bytes, start, end);
    const sessionId = this.#readSessionId();
    reader.int();
    const zxid = reader.longAsNumber();
    const timeMs = reader.longAsNumber();
    const type = reader.int();
    this.#apply(type, { sessionId, zxid, timeMs }, undefined);
    return zxid;
  }

  /**
   * Applies a committed transaction, `[start, end)` of `bytes`, whose header says `header`.
   *
   * @param audit - told of ephemerals that go with their session; undefined while nobody asks.
   * @returns what its client is answered.
   */
  apply(
    bytes: Uint8Array,
    start: number,
    end: number,
    header: AppliedHeader,
    audit: AuditTrail | undefined,
  ): ErrorCode {
    const reader = this.#txnReader;
    reader.reset(bytes, start + TXN_TYPE_AT, end);
    return this.#apply(reader.int(), header, audit);
  }

  /** The long at the reader. The log goes on with the same session mostly, and a bigint takes 0.1 us to make. */
  #readSessionId(): bigint {
    const reader = this.#txnReader;
    const high = reader.int();
    const low = reader.int();
    if (high !== this.#replayedHigh || low !== this.#replayedLow) {
      this.#replayedHigh = high;
      this.#replayedLow = low;
      reader.position -= 8;
      this.#replayedSessionId = reader.long();
    }
    return this.#replayedSessionId;
  }

  /** Applies the transaction whose body is at the reader; its header was read before. */
  #apply(type: number, header: AppliedHeader, audit: AuditTrail | undefined): ErrorCode {
    const { zxid, sessionId } = header;
    assert(zxid > this.#lastZxid, 'zxids are applied in order, each once');
    const reader = this.#txnReader;
    let code: ErrorCode = ErrorCode.ok;
    switch (type) {
      case OpCode.multi:
        this.#applyMulti(header);
        break;
      case OpCode.createSession:
        this.#sessions.set(sessionId, reader.int());
        break;
      case OpCode.closeSession: {
        this.#sessions.delete(sessionId);
        // Before 3.6, and with closeSessionTxn.enabled=false, there is no list.
        const paths = this.#isDigestNext() ? [] : reader.texts();
        this.#applier.closeSession(sessionId, paths, zxid, audit);
        break;
      }
      default:
        code = this.#applier.apply(type, reader, header);
    }
    this.#lastZxid = zxid;
    if (this.#digestEnabled && zxid > this.#fuzzyUntil) this.#checkDigest(zxid);
    return code;
  }

  /** When one operation is an error, all are: those before it answer 0, those after it -2. */
  #applyMulti(header: AppliedHeader): void {
    const { create2Indexes } = header;
    const reader = this.#txnReader;
    const { results } = this;
    results.clear();
    const count = reader.vectorCount(8);
    const first = reader.position;
    let hasFailed = false;
    for (let i = 0; i < count; i++) {
      if (reader.int() === OpCode.error) hasFailed = true;
      reader.span();
    }
    reader.position = first;
    const sub = this.#subTxnReader;
    for (let i = 0; i < count; i++) {
      const type = reader.int();
      const length = reader.span();
      sub.reset(reader.bytes, reader.spanStart, reader.spanStart + length);
      if (hasFailed && type !== OpCode.error) {
        // It stands before the failure: prepare made errors of those behind it.
        writeMultiResult(results, OpCode.error, ErrorCode.ok, this.#tree, this.#applier, sub.bytes);
        continue;
      }
      const code = this.#applier.apply(type, sub, header);
      const isCreate2 = create2Indexes?.has(i) === true;
      const okType = isCreate2 ? OpCode.create2 : type;
      const resultType = code === ErrorCode.ok ? okType : OpCode.error;
      writeMultiResult(results, resultType, code, this.#tree, this.#applier, sub.bytes);
    }
    writeMultiEnd(results);
  }

  /** Whether the body ends here: nothing follows but a digest. Two paths would take more bytes. */
  #isDigestNext(): boolean {
    const reader = this.#txnReader;
    if (reader.remaining !== TXN_DIGEST_BYTES) return reader.remaining === 0;
    const version = reader.int();
    reader.position -= 4;
    return version === TXN_DIGEST_VERSION;
  }

  /** Compares the digest that the transaction foretold with the tree's. Source: DataTree.compareDigest. */
  #checkDigest(zxid: number): void {
    const reader = this.#txnReader;
    if (reader.remaining >= TXN_DIGEST_BYTES && reader.int() === TXN_DIGEST_VERSION) {
      const at = reader.position;
      const high = reader.int();
      const low = reader.int();
      const fits = high === (this.#tree.digestHigh | 0) && low === (this.#tree.digestLow | 0);
      if (this.#mixtureTxnsLeft > 0) {
        this.#mixtureTxnsLeft = fits ? 0 : this.#mixtureTxnsLeft - 1;
      } else if (!fits) {
        reader.position = at;
        this.#outbox.report({
          kind: 'digest-mismatch',
          zxid,
          expected: BigInt.asUintN(64, reader.long()),
          actual: this.#tree.digest,
        });
      }
    }
    if (this.#digestLog.isDue(zxid)) this.#digestLog.add(zxid, this.#tree.digest);
  }
}
