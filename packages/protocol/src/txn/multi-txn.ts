/**
 * Several txns under one header, one zxid and one time.
 *
 *     Txn      := int type · buffer data
 *     MultiTxn := vector<Txn> txns
 *
 * A multi that was refused is logged too: each of its txns is then an ErrorTxn.
 * Source: zookeeper.jute (txn.Txn, MultiTxn), DataTree.processTxn.
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';

/** One txn of a multi, its body still encoded. */
export interface SubTxn {
  /** An `OpCode` that may stand in a multi, or `error`. */
  readonly type: number;
  /** The body that belongs to the type. A view of the bytes read. */
  readonly data: Uint8Array | null;
}

export interface MultiTxn {
  readonly txns: readonly SubTxn[];
}

/** The least bytes a Txn can take. */
const SUB_TXN_BYTES_MIN = 8;

/** Reads a txn of multi. @throws MalformedError when it is cut short. */
export function decodeMultiTxn(reader: JuteReader): MultiTxn {
  const count = reader.vectorCount(SUB_TXN_BYTES_MIN);
  const txns: SubTxn[] = [];
  for (let i = 0; i < count; i++) {
    const type = reader.int();
    txns.push({ type, data: reader.buffer() });
  }
  return { txns };
}

/** Appends a txn of multi. */
export function encodeMultiTxn(writer: JuteWriter, txn: MultiTxn): void {
  writer.int(txn.txns.length);
  for (const { type, data } of txn.txns) {
    writer.int(type);
    writer.buffer(data);
  }
}
