/** The invariants that are looked at after every step. A broken one ends the run. */

import type { MemberFact, Quorum } from '@zooid/core';
import { JuteReader, PacketSplitter, QuorumPacketType } from '@zooid/protocol';
import { keptBytes } from '../byte-copies.ts';
import type { Machine } from '../machine.ts';
import type { ServerProcess } from '../server-process.ts';
import type { World } from '../world.ts';

/** Something that must not happen has happened. */
export class Violation extends Error {
  readonly check: string;

  constructor(check: string, message: string) {
    super(`${check}: ${message}`);
    this.check = check;
  }
}

/** A transaction as it was proposed. */
export interface KnownTxn {
  readonly zxid: number;
  /** Of it and everything before it. */
  readonly chain: number;
  readonly bytes: Uint8Array;
  /** Zxid of the one before it; 0 for the first. */
  readonly previousZxid: number;
}

const TWO_32 = 0x1_0000_0000;

function epochOf(zxid: number): number {
  return Math.floor(zxid / TWO_32);
}

/** `epoch:counter`. */
export function zxidText(zxid: number): string {
  return `${epochOf(zxid)}:${zxid % TWO_32}`;
}

export class Checks {
  readonly #world: World;
  /** By zxid: what it stands for, wherever it is logged. */
  readonly #known = new Map<number, KnownTxn>();
  /** Who established an epoch. */
  readonly #leaders = new Map<number, number>();
  /** The history that a leader of this epoch began with. */
  readonly #beginnings = new Map<number, { readonly zxid: number; readonly chain: number }>();
  /** Everything that is committed, in order. */
  readonly committed: KnownTxn[] = [];
  /** Told of each committed transaction. */
  onCommitted: (txn: KnownTxn) => void = () => {};
  /** Told of each transaction that a leader logs. */
  onProposed: (bytes: Uint8Array, start: number, end: number) => void = () => {};
  /** By chain: the digest of the tree that it leads to. */
  readonly #checkedEpochs = new Map<number, number>();
  readonly #digests = new Map<number, bigint>();
  /** How often what happened: facts by kind, synchronisations by plan. */
  readonly counts: Map<string, number> = new Map();
  readonly #splitter = new PacketSplitter();
  readonly #reader = new JuteReader();

  constructor(world: World) {
    this.#world = world;
  }

  fail(check: string, message: string): never {
    throw new Violation(check, message);
  }

  /** How many epochs had a leader. */
  get epochCount(): number {
    return this.#leaders.size;
  }

  get nowMs(): number {
    return this.#world.scheduler.nowMs;
  }

  get committedZxid(): number {
    return this.committed.at(-1)?.zxid ?? 0;
  }

  /** The chain of the history that ends with `zxid`. */
  chainOf(zxid: number): number {
    if (zxid === 0) return 0;
    const known = this.#known.get(zxid);
    if (known === undefined) this.fail('history', `nobody has proposed ${zxidText(zxid)}`);
    return known.chain;
  }

  // ── Disk ──────────────────────────────────────────────────────────────────────────────────────────

  /** Logs that agree in a zxid agree in everything before it. */
  onAppend(
    process: ServerProcess,
    zxid: number,
    chain: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    this.#world.trace.add(process.name, 'append', zxid, chain % TWO_32);
    const known = this.#known.get(zxid);
    if (known === undefined) {
      const previousZxid = process.machine.disk.lastZxid;
      this.#known.set(zxid, { zxid, chain, bytes: keptBytes.of(bytes, start, end), previousZxid });
      this.onProposed(bytes, start, end);
      if (process.core.member?.role !== 'leading') {
        this.fail('history', `${process.name} logs ${zxidText(zxid)}, which no leader proposed`);
      }
    } else if (known.chain !== chain) {
      this.fail('log-matching', `${process.name} logs another history up to ${zxidText(zxid)}`);
    }
  }

  onAcceptedEpoch(process: ServerProcess, epoch: number): void {
    const { disk } = process.machine;
    this.#world.trace.add(process.name, 'accepted', epoch);
    if (epoch <= disk.acceptedEpoch) {
      this.fail('epochs', `${process.name} accepts epoch ${epoch} after ${disk.acceptedEpoch}`);
    }
  }

  onCurrentEpoch(process: ServerProcess, epoch: number): void {
    const { disk } = process.machine;
    this.#world.trace.add(process.name, 'current', epoch);
    if (epoch <= disk.currentEpoch || epoch > disk.acceptedEpoch) {
      this.fail(
        'epochs',
        `${process.name} is at epoch ${epoch} after ${disk.currentEpoch}, has accepted ${disk.acceptedEpoch}`,
      );
    }
    const { durableZxid } = disk;
    if (process.core.member?.role === 'leading') {
      if (durableZxid !== disk.lastZxid) {
        this.fail('epochs', `${process.name} begins epoch ${epoch} before its history is durable`);
      }
      const chain = this.chainOf(durableZxid);
      const other = this.#beginnings.get(epoch);
      if (other !== undefined) this.fail('one-leader', `two begin epoch ${epoch}`);
      this.#beginnings.set(epoch, { zxid: durableZxid, chain });
    }
    this.#assertHasBeginning(process.machine, epoch);
  }

  /** What is durable includes all that the leader of the epoch began with. */
  #assertHasBeginning({ disk, name }: Machine, epoch: number): void {
    const beginning = this.#beginnings.get(epoch);
    if (beginning === undefined) this.fail('epochs', `nobody leads epoch ${epoch}`);
    const isThere =
      disk.durableZxid >= beginning.zxid &&
      (disk.chainAt(beginning.zxid) ?? beginning.chain) === beginning.chain;
    if (!isThere) {
      this.fail(
        'epoch-before-history',
        `${name} is at epoch ${epoch} without ${zxidText(beginning.zxid)}`,
      );
    }
  }

  /** Somebody has proposed it. */
  isKnown(zxid: number): boolean {
    return zxid === 0 || this.#known.has(zxid);
  }

  /** Counts what happens. */
  note(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  // ── Roles ─────────────────────────────────────────────────────────────────────────────────────────

  onMemberFact(process: ServerProcess, fact: MemberFact): void {
    const { trace } = this.#world;
    const text = trace.hasReader ? JSON.stringify(fact) : '';
    trace.add(process.name, fact.kind, 0, 0, text);
    this.note(fact.kind === 'learner-sync' ? fact.plan : fact.kind);
    if (fact.kind === 'role-ended' && fact.reason.endsWith('are used up')) this.note('roll-over');
    if (fact.kind === 'serving' && fact.role === 'leading')
      this.#onEstablished(process, fact.epoch);
  }

  /** A leader has a quorum: everything in its log is committed by that, and it has everything that was. */
  #onEstablished(process: ServerProcess, epoch: number): void {
    const { machine } = process;
    const other = this.#leaders.get(epoch);
    if (other !== undefined) {
      this.fail('one-leader', `s${other} and ${machine.name} lead epoch ${epoch}`);
    }
    this.#leaders.set(epoch, machine.id);
    const { disk } = machine;
    const last = this.committed.at(-1);
    if (last !== undefined) {
      const chain = disk.lastZxid < last.zxid ? undefined : (disk.chainAt(last.zxid) ?? last.chain);
      if (chain !== last.chain) {
        this.fail(
          'committed-lost',
          `${machine.name} leads epoch ${epoch} up to ${zxidText(disk.lastZxid)} without the committed ${zxidText(last.zxid)}`,
        );
      }
    }
    this.#commitUpTo(disk.lastZxid);
    this.#world.memberships.onEstablished(process, epoch);
  }

  #commitUpTo(zxid: number): void {
    for (const txn of this.#between(this.committedZxid, zxid)) {
      this.committed.push(txn);
      this.#world.memberships.onCommitted(txn.zxid);
      this.onCommitted(txn);
    }
  }

  /** The history that leads from one to the other, the first left out. */
  #between(from: number, to: number): readonly KnownTxn[] {
    const newer: KnownTxn[] = [];
    for (let at = to; at > from; ) {
      const txn = this.#known.get(at)!;
      newer.push(txn);
      at = txn.previousZxid;
    }
    return newer.reverse();
  }

  // ── Packets ───────────────────────────────────────────────────────────────────────────────────────

  /** Whole packets on their way to another server. */
  onPeerBytes(process: ServerProcess, bytes: Uint8Array): void {
    const splitter = this.#splitter;
    const reader = this.#reader;
    splitter.push(bytes);
    while (splitter.next()) {
      reader.reset(splitter.bytes, splitter.packetStart, splitter.packetEnd);
      const type = reader.int();
      const zxid = reader.longAsNumber();
      this.#onPeerPacket(process, type, zxid);
    }
  }

  #onPeerPacket(process: ServerProcess, type: number, zxid: number): void {
    const { disk } = process.machine;
    const epoch = epochOf(zxid);
    switch (type) {
      case QuorumPacketType.ack:
        if (zxid % TWO_32 === 0) this.#assertHasBeginning(process.machine, epoch);
        else if (zxid > disk.durableZxid) {
          this.fail('ack-before-sync', `${process.name} acknowledges ${zxidText(zxid)}`);
        }
        return;
      case QuorumPacketType.commit:
      case QuorumPacketType.inform:
      case QuorumPacketType.commitAndActivate:
      case QuorumPacketType.informAndActivate:
        if (process.core.member?.leading?.epoch === epoch) this.#onCommit(zxid);
        return;
      default:
    }
  }

  /** Whose counter has run so far leads no longer: the next epoch begins at nothing. */
  #checkRollOver({ core, machine, name }: ServerProcess): void {
    const { lastZxid } = machine.disk;
    const { epochTxnCountMax } = this.#world.options;
    if (lastZxid % TWO_32 < epochTxnCountMax) return;
    const { leading } = core.member ?? {};
    if (leading?.isEstablished !== true || leading.epoch !== epochOf(lastZxid)) return;
    this.fail('roll-over', `${name} leads on after ${zxidText(lastZxid)}`);
  }

  /** A leader says that a proposal of its epoch is committed: then a quorum has it on disk. */
  #onCommit(zxid: number): void {
    const from = this.committedZxid;
    if (zxid <= from) return;
    const { memberships } = this.#world;
    let current = memberships.current.quorum;
    for (const reconfigured of this.#between(from, zxid)) {
      const next = memberships.ofTxn(reconfigured.zxid);
      if (next === undefined) continue;
      this.#assertQuorumHas(reconfigured.zxid, current);
      this.#assertQuorumHas(reconfigured.zxid, next.quorum);
      current = next.quorum;
    }
    this.#assertQuorumHas(zxid, current);
    this.#commitUpTo(zxid);
  }

  /** A leader goes by it that this transaction is committed. */
  onDecided(zxid: number): void {
    this.#onCommit(zxid);
  }

  #assertQuorumHas(zxid: number, quorum: Quorum): void {
    const chain = this.chainOf(zxid);
    const having = new Set<number>();
    for (const { disk, id } of this.#world.machines) {
      if (disk.durableZxid >= zxid && (disk.chainAt(zxid) ?? chain) === chain) having.add(id);
    }
    if (!quorum.isReachedBy(having)) {
      this.fail(
        'commit-without-quorum',
        `${zxidText(zxid)} is committed, and durable on ${[...having].join(', ')} only`,
      );
    }
  }

  /** What the disk says of the epochs is what the server goes by, and the history of the epoch is there. */
  #checkEpochs({ core, machine }: ServerProcess): void {
    const { disk, name } = machine;
    const { member } = core;
    if (member === undefined) return;
    if (disk.currentEpoch > 0 && this.#checkedEpochs.get(machine.id) !== disk.currentEpoch) {
      this.#checkedEpochs.set(machine.id, disk.currentEpoch);
      this.#assertHasBeginning(machine, disk.currentEpoch);
    }
    if (member.acceptedEpoch !== disk.acceptedEpoch || member.epoch !== disk.currentEpoch) {
      this.fail('epochs', `${name} goes by other epochs than its disk has`);
    }
  }

  // ── State ─────────────────────────────────────────────────────────────────────────────────────────

  onTurnEnd(process: ServerProcess): void {
    const { core } = process;
    this.#checkEpochs(process);
    this.#world.memberships.onTurnEnd(process);
    this.#checkRollOver(process);
    const applied = core.lastAppliedZxid;
    if (applied === process.checkedZxid) return;
    process.checkedZxid = applied;
    const { digest } = core.tree;
    const { disk } = process.machine;
    this.#world.trace.add(process.name, 'applied', applied, Number(BigInt.asUintN(32, digest)));
    if (applied > disk.durableZxid) {
      this.fail('applied-before-sync', `${process.name} shows ${zxidText(applied)}`);
    }
    if (core.member?.leading?.isEstablished === true && applied > this.committedZxid) {
      // A leader whose learners are all observers, or that is alone, tells nobody.
      if (epochOf(applied) === core.member.leading.epoch) this.#onCommit(applied);
    }
    if (applied === 0) return;
    const chain = this.chainOf(applied);
    const known = this.#digests.get(chain);
    if (known === undefined) this.#digests.set(chain, digest);
    else if (known !== digest) {
      this.fail('digest', `${process.name} differs from others at ${zxidText(applied)}`);
    }
  }
}
