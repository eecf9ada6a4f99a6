/**
 * What a process does with its disk: its log, epochs and configurations are written, its history is cut or replaced as a leader says, and from
 * time to time everything applied goes into a snapshot.
 */

import type { NewState } from '@zooid/core';
import type { Membership } from '@zooid/protocol';
import { chainAfter } from './chain.ts';
import { makeRecord, TXN_START, txnEnd } from './log-records.ts';
import { ProcessTurns } from './process-turns.ts';
import type { SimulatedLink } from './simulated-link.ts';
import { encodeState } from './state-stream.ts';

export abstract class StoringProcess extends ProcessTurns {
  #txnsSinceSnapshot = 0;
  #isSnapshotting = false;

  protected appendTxn(zxid: number, bytes: Uint8Array, start: number, end: number): void {
    const { disk } = this.machine;
    const chain = chainAfter(disk.lastChain, bytes, start, end);
    this.world.checks.onAppend(this.self, zxid, chain, bytes, start, end);
    disk.records.push(makeRecord(zxid, chain, bytes, start, end));
    this.#txnsSinceSnapshot++;
  }

  /** Writes what was gathered. */
  protected syncLog(): void {
    const { disk } = this.machine;
    disk.writingCount = disk.records.length;
    this.enterAfter(this.machine.diskDelayMs(), () => this.onDiskDone());
  }

  /** The write in flight is done. */
  protected onDiskDone(): void {
    const { disk } = this.machine;
    const { scheduler } = this.world;
    if (disk.stalledUntilMs > scheduler.nowMs) {
      this.enterAfter(disk.stalledUntilMs - scheduler.nowMs, () => this.onDiskDone());
      return;
    }
    disk.assertWorks();
    disk.durableCount = disk.writingCount;
    this.onLogDurable(disk.durableZxid);
  }

  protected onLogDurable(zxid: number): void {
    this.world.trace.add(this.name, 'durable', zxid);
    this.turn.onLogSynced(zxid);
    this.finishTurn();
  }

  protected saveAcceptedEpoch(epoch: number): void {
    const { disk } = this.machine;
    disk.assertWorks();
    this.world.checks.onAcceptedEpoch(this.self, epoch);
    disk.acceptedEpoch = epoch;
  }

  protected saveCurrentEpoch(epoch: number): void {
    const { disk } = this.machine;
    disk.assertWorks();
    this.world.checks.onCurrentEpoch(this.self, epoch);
    disk.currentEpoch = epoch;
  }

  protected saveSeenMembership(membership: Membership): void {
    const { disk } = this.machine;
    disk.assertWorks();
    this.world.memberships.onSeen(this.self, membership);
    disk.seenMembership = membership;
  }

  protected activateMembership(membership: Membership): void {
    const { disk } = this.machine;
    disk.assertWorks();
    this.world.memberships.onActivated(this.self, membership);
    disk.membership = membership;
  }

  protected truncateLog(zxid: number): void {
    this.enterAfter(this.machine.diskDelayMs(), () => {
      const { disk } = this.machine;
      disk.assertWorks();
      if (!disk.truncate(zxid)) {
        this.world.trace.add(this.name, 'not-truncated', zxid);
        this.inTurn((member) => member.onLogNotTruncated());
        return;
      }
      this.world.trace.add(this.name, 'truncated', zxid);
      this.inTurn((member) => {
        this.core.beginRestore();
        disk.restore(this.core);
        this.core.finishRestore(this.nowMs);
        member.onLogTruncated();
      });
    });
  }

  protected installState(state: NewState): void {
    const chain = this.world.checks.chainOf(state.zxid);
    this.enterAfter(this.machine.diskDelayMs(), () => {
      const { disk } = this.machine;
      disk.assertWorks();
      this.world.trace.add(this.name, 'installed', state.zxid);
      this.inTurn((member) => {
        this.core.replaceState(state);
        disk.install({ zxid: state.zxid, bytes: encodeState(this.core), chain });
        member.onStateInstalled();
      });
    });
  }

  protected readLog(
    link: SimulatedLink,
    afterZxid: number,
    lastZxid: number,
    bytesMax: number,
  ): void {
    this.enterAfter(this.machine.diskDelayMs(), () => {
      const { disk } = this.machine;
      const from = disk.isUnreadable ? -1 : disk.indexOf(afterZxid);
      const to = disk.indexOf(lastZxid);
      const records = from < 0 || to < 0 ? [] : disk.records.slice(from + 1, to + 1);
      const bytes = records.reduce((sum, record) => sum + record.bytes.byteLength, 0);
      const isAvailable = records.length > 0 && bytes <= bytesMax;
      this.inTurn((member) => {
        if (isAvailable) {
          for (const record of records) {
            member.onLogRead(link, record.zxid, record.bytes, TXN_START, txnEnd(record));
          }
        }
        member.onLogReadEnd(link, isAvailable ? 'complete' : 'unavailable');
      });
    });
  }

  /** From time to time everything applied goes into a snapshot, and the log before it away. */
  #considerSnapshot(): void {
    const { options } = this.world;
    if (this.#txnsSinceSnapshot < options.snapshotEvery || this.#isSnapshotting) return;
    if (!this.isRunning || this.core.lastAppliedZxid === 0) return;
    const { disk } = this.machine;
    const zxid = this.core.lastAppliedZxid;
    const chain = disk.chainAt(zxid);
    if (chain === undefined || (disk.snapshots.at(-1)?.zxid ?? 0) >= zxid) return;
    this.#txnsSinceSnapshot = 0;
    this.#isSnapshotting = true;
    const bytes = encodeState(this.core);
    this.enterAfter(this.machine.diskDelayMs() * 5, () => {
      this.#isSnapshotting = false;
      disk.assertWorks();
      // It may be of a history that was cut off meanwhile.
      if (disk.chainAt(zxid) !== chain || (disk.snapshots.at(-1)?.zxid ?? 0) >= zxid) return;
      this.world.trace.add(this.name, 'snapshot', zxid);
      disk.addSnapshot({ zxid, bytes, chain }, options.snapshotsKept);
    });
  }

  protected override finishTurn(): void {
    super.finishTurn();
    this.#considerSnapshot();
  }
}
