/**
 * The leader's transactions at a learner: logged as they come, acknowledged when they are durable, applied when they are committed.
 *
 * Source: Follower.processPacket, SendAckRequestProcessor.
 */

import {
  type JuteReader,
  type JuteWriter,
  MalformedError,
  QuorumPacketType,
} from '@zooid/protocol';
import { assert } from '../assert.ts';
import { mayFollow, TXN_HEADER_BYTES, txnZxid } from '../storage/log-format.ts';
import { writeBarePacket } from './packets.ts';
import type { Replica } from './replica.ts';
import type { ZabMeter } from './zab-meter.ts';
import { epochOf } from './zxid.ts';

export interface LearnedLogParts {
  readonly replica: Replica;
  readonly meter: ZabMeter;
  /** Observers acknowledge nothing. */
  readonly acknowledges: boolean;
  /** What is sent to the leader in this turn. */
  readonly out: () => JuteWriter;
  /** Notes that the role is over. */
  readonly endRole: (reason: string) => void;
}

export class LearnedLog {
  readonly #parts: LearnedLogParts;
  /** What a quorum has, as the leader says. */
  #committedZxid: number;
  /** The leader waits for an acknowledgement of everything above. */
  #ackedZxid = 0;
  /** The history that NEWLEADER ends: what comes behind it need not be durable for the acknowledgement. */
  #historyZxid = 0;

  constructor(parts: LearnedLogParts) {
    this.#parts = parts;
    this.#committedZxid = parts.replica.lastAppliedZxid;
  }

  get committedZxid(): number {
    return this.#committedZxid;
  }

  /** The state was cut back or replaced: it is as the leader has it. */
  goOn(): void {
    this.#committedZxid = this.#parts.replica.lastAppliedZxid;
  }

  /**
   * The transaction that is the rest of `body`: to the log.
   *
   * @returns whether it follows what is there; if not, the role is over. @throws MalformedError
   */
  learn(body: JuteReader): boolean {
    const { replica, meter, endRole } = this.#parts;
    if (body.remaining < TXN_HEADER_BYTES) throw new MalformedError('a proposal without a header');
    const zxid = txnZxid(body.bytes, body.position);
    if (!mayFollow(replica.lastLoggedZxid, zxid)) {
      endRole(
        `the leader's transaction ${hex(zxid)} does not follow ${hex(replica.lastLoggedZxid)}`,
      );
      return false;
    }
    const { timeMs } = replica.learn(zxid, body.bytes, body.position, body.end);
    meter.onProposalReceived(replica.parts.clock.wallMs - timeMs);
    return true;
  }

  /** A quorum has everything up to here. */
  onCommitted(zxid: number): void {
    const { replica, meter, endRole } = this.#parts;
    if (zxid > replica.lastLoggedZxid) {
      endRole(`the leader commits ${hex(zxid)}, which it has not proposed`);
    } else if (zxid > this.#committedZxid) {
      this.#committedZxid = zxid;
      meter.onCommitReceived();
    }
  }

  /** NEWLEADER of this zxid: everything before it is the history of the epoch. */
  endHistory(newLeaderZxid: number): void {
    this.#historyZxid = this.#parts.replica.lastLoggedZxid;
    // What came with the history and is not committed yet is waited for.
    this.#ackedZxid = Math.max(this.#committedZxid, newLeaderZxid);
  }

  get isHistoryDurable(): boolean {
    return this.#parts.replica.syncedZxid >= this.#historyZxid;
  }

  /** Acknowledges what is durable: one for each proposal, for a Java leader counts them singly. */
  acknowledge(epoch: number): void {
    const { replica, acknowledges, out } = this.#parts;
    const { syncedZxid } = replica;
    if (!acknowledges || syncedZxid <= this.#ackedZxid) return;
    assert(epochOf(syncedZxid) === epoch, 'only proposals of the epoch are acknowledged singly');
    const writer = out();
    for (let zxid = this.#ackedZxid + 1; zxid <= syncedZxid; zxid++) {
      writeBarePacket(writer, QuorumPacketType.ack, zxid);
    }
    this.#ackedZxid = syncedZxid;
  }
}

function hex(zxid: number): string {
  return `0x${zxid.toString(16)}`;
}
