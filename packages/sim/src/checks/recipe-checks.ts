/** What recipes promise that only some histories use. */

import { decodeTxnRecord, JuteReader, OpCode } from '@zooid/protocol';
import { DOUBLE_BARRIER_PATH, MEMBER_COUNT } from '../clients/barrier-uses.ts';
import { MEMBER_PATHS } from '../clients/member-use.ts';
import type { World } from '../world.ts';
import { BarrierChecks } from './barrier-checks.ts';
import type { KnownTxn } from './checks.ts';
import { CommitTimes } from './commit-times.ts';
import { CounterChecks } from './counter-checks.ts';
import { MemberChecks } from './member-checks.ts';
import { PlainQueueChecks } from './plain-queue-checks.ts';
import { QueueChecks } from './queue-checks.ts';
import { RevocationChecks } from './revocation-checks.ts';
import { SharedCountChecks } from './shared-count-checks.ts';

export class RecipeChecks {
  readonly #world: World;
  readonly times: CommitTimes = new CommitTimes();
  readonly revocations: RevocationChecks;
  readonly barriers: BarrierChecks;
  readonly members: MemberChecks;
  readonly sharedCounts: SharedCountChecks;
  /** Of the number that is text. */
  readonly textCounter: CounterChecks;

  /** The newest znode by its mark. */
  readonly #protected = new Map<string, string>();
  /** By the path of the queue. */
  readonly #queues = new Map<string, QueueChecks>();
  readonly #plainQueues = new Map<string, PlainQueueChecks>();

  constructor(world: World) {
    this.#world = world;
    this.revocations = new RevocationChecks(world);
    this.barriers = new BarrierChecks(world);
    this.members = new MemberChecks(world, MEMBER_PATHS);
    this.sharedCounts = new SharedCountChecks(world);
    this.textCounter = new CounterChecks(world.checks);
  }

  queueAt(path: string): QueueChecks {
    const queue = this.#queues.get(path) ?? new QueueChecks(this.#world, path);
    this.#queues.set(path, queue);
    return queue;
  }

  plainQueueAt(path: string): PlainQueueChecks {
    const queue = this.#plainQueues.get(path) ?? new PlainQueueChecks(this.#world, path);
    this.#plainQueues.set(path, queue);
    return queue;
  }

  /** Nobody asks for anything. */
  onRest(): void {
    for (const queue of [...this.#queues.values(), ...this.#plainQueues.values()]) queue.onRest();
  }

  /** What is wrong when the ensemble is at rest, which may need a moment to pass. */
  get problems(): string[] {
    return this.members.problems;
  }

  /** Told of each transaction when it is committed. */
  onCommitted({ zxid, bytes }: KnownTxn): void {
    const { options, scheduler } = this.#world;
    if (options.clientProcessCount === 0) return;
    this.times.onCommitted(zxid, scheduler.nowMs);
    const { txn } = decodeTxnRecord(new JuteReader(bytes));
    if (txn.type === OpCode.create || txn.type === OpCode.create2) {
      this.#checkProtected(txn.path, zxid);
      if (txn.path === `${DOUBLE_BARRIER_PATH}/ready`)
        this.barriers.onReady(DOUBLE_BARRIER_PATH, MEMBER_COUNT, zxid);
    } else if (txn.type === OpCode.delete) {
      for (const queue of this.#plainQueues.values()) queue.onDeleted(txn.path, zxid);
    }
  }

  /** A create whose answer was lost is found again by its name, and not made once more. */
  #checkProtected(path: string, zxid: number): void {
    const id = PROTECTED.exec(path)?.[0];
    if (id === undefined) return;
    const other = this.#protected.get(id);
    const { checks, sessions } = this.#world;
    if (other !== undefined && sessions.model.at(other, zxid) !== undefined) {
      checks.fail('protected', `${path} is made beside ${other}`);
    }
    this.#protected.set(id, path);
  }
}

/** The mark of a name by which whoever made it finds it. */
const PROTECTED = /\/_c_[0-9a-f-]{36}-/;
