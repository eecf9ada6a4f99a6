/**
 * Whether a tree has the digest that its snapshot states.
 *
 * A server of Apache's goes on with transactions while it writes a snapshot. When the last znode is written it states the digest
 * of the last transaction that was applied wholly; what the log holds up to there makes a tree of the mixture that was loaded. But one
 * transaction more may have been at work just then: what it had changed before its znode was written is in the file, and not in the
 * digest. Such a tree has a digest that nobody foretold, until that transaction is replayed. So the next one decides:
 *
 *     mixture ──zxid of the digest──► the same? ──yes──► settled
 *                                         └──no──► doubtful ──next transaction──► as it foretold? ──yes──► settled
 *                                                                                      └──no──► different
 *
 * Apache's server has none of this patience and reports a mismatch in such a case.
 *
 * Source: FileSnap.serialize, DataTree.processTxn (lastProcessedZxidDigest), compareSnapshotDigests.
 */

import type { ZxidDigest } from '@zooid/core';
import { decodeTxnRecord, JuteReader, TXN_DIGEST_VERSION } from '@zooid/protocol';

/** Two digests that should be one. */
export interface DigestDifference {
  readonly zxid: number;
  readonly expected: bigint;
  readonly actual: bigint;
}

export class StatedDigest {
  /** Where the digest is of; that of the snapshot itself when there is nothing to compare. */
  readonly zxid: number;
  readonly #tree: { readonly digest: bigint };
  #state: 'mixture' | 'doubtful' | 'settled';
  readonly #expected: bigint;
  /** What the tree had in its place; of importance while it is doubtful. */
  #actual = 0n;

  /**
   * @param tree - as the snapshot holds it.
   * @param snapshotZxid - that of its name.
   * @param digest - what it states; undefined when that cannot be compared.
   */
  constructor(
    tree: { readonly digest: bigint },
    snapshotZxid: number,
    digest: ZxidDigest | undefined,
  ) {
    this.#tree = tree;
    this.#expected = digest?.digest ?? 0n;
    // One before the name is of an earlier epoch and says nothing about what follows.
    if (digest === undefined || digest.zxid < snapshotZxid) {
      this.zxid = snapshotZxid;
      this.#state = 'settled';
      return;
    }
    this.zxid = digest.zxid;
    this.#state = 'mixture';
    if (digest.zxid === snapshotZxid) this.#compare();
  }

  get state(): 'mixture' | 'doubtful' | 'settled' {
    return this.#state;
  }

  /** What is wrong while {@link state} is doubtful. */
  get difference(): DigestDifference {
    return { zxid: this.zxid, expected: this.#expected, actual: this.#actual };
  }

  /**
   * This record was replayed, the first one after the snapshot or the next.
   *
   * @returns whether the tree is another than it should be, which is told once.
   */
  onTxn(zxid: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#state === 'settled') return false;
    if (this.#state === 'mixture') {
      if (zxid === this.zxid) this.#compare();
      return false;
    }
    this.#state = 'settled';
    const reader = new JuteReader();
    reader.reset(bytes, start, end);
    const { digest } = decodeTxnRecord(reader);
    const isForetold =
      digest?.version === TXN_DIGEST_VERSION &&
      BigInt.asUintN(64, digest.treeDigest) === this.#tree.digest;
    return !isForetold;
  }

  #compare(): void {
    this.#actual = this.#tree.digest;
    this.#state = this.#actual === this.#expected ? 'settled' : 'doubtful';
  }
}
