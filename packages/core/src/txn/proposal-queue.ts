import { JuteWriter } from '@zooid/protocol';
import { assert } from '../assert.ts';
import type { Client } from '../client.ts';
import { Queue } from '../queue.ts';
import type { AuditedRequest } from './audit-trail.ts';
import { type TxnBlock, TxnBytes } from './txn-bytes.ts';

/** Where a transaction (header, body, digest) lies. */
const nowhere: TxnBlock = { out: new JuteWriter(0), live: 0 };
const noPath = new Uint8Array(0);

/** A learner that waits for a sync. */
export interface LearnerSync {
  /** Everything that was proposed before the sync is committed. */
  onSynced(): void;
}

/**
 * One proposal in flight, or a `sync` that waits for those before it. Objects are used again: valid
 * until it is released.
 */
export class Proposal {
  zxid = 0;
  /** Wall clock of the transaction, ms. */
  timeMs = 0;
  /** What was asked for; the transaction's own type is `error` when it was refused. */
  op = 0;
  xid = 0;
  sessionId = 0n;
  /** Who gets the reply; undefined when nobody on this server asked. */
  client: Client | undefined = undefined;
  receivedAtMs = 0;
  /** Length of the request's frame; 0 when no client sent it. */
  requestBytes = 0;
  /** Which operations of a multi are answered as create2. */
  create2Indexes: ReadonlySet<number> | undefined = undefined;
  /** What the audit log must know of the request; undefined while it is off. */
  audited: AuditedRequest | undefined = undefined;
  block: TxnBlock = nowhere;
  /** The path of a sync, as a jute string. */
  syncPath: Uint8Array = noPath;
  /** Of a sync that a learner asked for: that learner, which is told. */
  learner: LearnerSync | undefined = undefined;
  start = 0;
  end = 0;

  /** The transaction is `[start, end)` of these bytes. */
  get bytes(): Uint8Array {
    return this.block.out.bytes;
  }

  /** Whether it is a `sync`: it has no transaction. */
  get isSync(): boolean {
    return this.block === nowhere;
  }

  /** Whether the reply counts as that of a write. */
  get isUpdate(): boolean {
    return !this.isSync;
  }
}

/**
 * Proposals in flight, oldest first.
 *
 * Invariant: zxids never fall, and grow by one from transaction to transaction.
 */
export class ProposalQueue {
  readonly #bytes = new TxnBytes();
  readonly #queue = new Queue<Proposal>(1024);
  readonly #spare: Proposal[] = [];
  #lastZxid = 0;

  get size(): number {
    return this.#queue.size;
  }

  /** Highest zxid given to a proposal; the next one gets the one after it. */
  get lastZxid(): number {
    return this.#lastZxid;
  }

  /** What was restored ends at this zxid, and proposals go on from there. Nothing may be queued. */
  goOnFrom(zxid: number): void {
    assert(this.size === 0, 'no proposal is in flight when the state is replaced');
    this.#lastZxid = zxid;
  }

  /** The block whose `out` the next transaction is to be appended to. @param requestBytes - see TxnBytes.begin. */
  begin(requestBytes: number): TxnBlock {
    return this.#bytes.begin(requestBytes);
  }

  /** Queues a proposal whose transaction goes from `start` to the end of its block; the caller fills in the rest of it. */
  push(zxid: number, block: TxnBlock, start: number): Proposal {
    this.#bytes.keep(block);
    this.#lastZxid = zxid;
    const proposal = this.#spare.pop() ?? new Proposal();
    proposal.zxid = zxid;
    proposal.block = block;
    proposal.start = start;
    proposal.end = block.out.length;
    this.#queue.push(proposal);
    return proposal;
  }

  /**
   * Queues a proposal that a leader sent: `[start, end)` of `bytes`, which is copied.
   *
   * @returns it; the caller fills in what its header says.
   */
  learn(zxid: number, bytes: Uint8Array, start: number, end: number): Proposal {
    const block = this.#bytes.begin(end - start);
    const at = block.out.length;
    block.out.raw(bytes, start, end);
    return this.push(zxid, block, at);
  }

  /** Queues a sync behind everything in flight up to `zxid`, and before whatever is above it. */
  pushSync(zxid: number, path: Uint8Array): Proposal {
    const proposal = this.#spare.pop() ?? new Proposal();
    proposal.zxid = zxid;
    proposal.block = nowhere;
    proposal.syncPath = path;
    let index = this.#queue.size;
    while (index > 0 && this.#queue.at(index - 1)!.zxid > zxid) index--;
    this.#queue.insert(index, proposal);
    return proposal;
  }

  /** Everything in flight, syncs included, oldest first. */
  pending(): Iterable<Proposal> {
    return this.#queue;
  }

  peek(): Proposal | undefined {
    return this.#queue.peek();
  }

  shift(): Proposal | undefined {
    return this.#queue.shift();
  }

  /** Gives a shifted proposal and its bytes back. */
  release(proposal: Proposal): void {
    if (!proposal.isSync) this.#bytes.release(proposal.block);
    proposal.block = nowhere;
    proposal.client = undefined;
    proposal.syncPath = noPath;
    proposal.learner = undefined;
    proposal.requestBytes = 0;
    proposal.create2Indexes = undefined;
    proposal.audited = undefined;
    this.#spare.push(proposal);
  }
}
