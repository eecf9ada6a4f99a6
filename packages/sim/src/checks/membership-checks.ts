/**
 * Who belongs to the ensemble, as far as is decided, and whether the servers go by it.
 *
 * A configuration comes into force in one of two ways: its transaction is durable on a quorum of it and of the one before, or a leader that has
 * seen it gets a quorum of both for a new epoch. Whoever follows takes it over from a leader, never by itself.
 */

import { MajorityQuorum, type Quorum } from '@zooid/core';
import { decodeUtf8, formatMembership, type Membership, participantsOf } from '@zooid/protocol';
import type { ServerProcess } from '../server-process.ts';
import type { World } from '../world.ts';
import { zxidText } from './checks.ts';

/** A configuration, and who decides under it. */
export interface CheckedMembership {
  readonly membership: Membership;
  readonly version: number;
  readonly quorum: Quorum;
  readonly text: string;
}

export class MembershipChecks {
  readonly #world: World;
  #current: CheckedMembership;
  /** By version: what it stands for, wherever it is known. */
  readonly #known = new Map<number, CheckedMembership>();
  /** Versions that a leader has put in force. */
  readonly #inForce = new Set<number>([0]);

  constructor(world: World, first: Membership) {
    this.#world = world;
    this.#current = checked(first);
  }

  /** The newest one in force. */
  get current(): CheckedMembership {
    return this.#current;
  }

  /** A server notes a configuration that may come into force. */
  onSeen(process: ServerProcess, membership: Membership): void {
    const { trace, checks } = this.#world;
    const { version } = membership;
    trace.add(process.name, 'config-seen', version);
    const { seenMembership, membership: active } = process.machine.disk;
    // What its log does not reach it may forget, down to what is in force.
    if (version === active.version) return;
    if (version <= (seenMembership?.version ?? 0)) {
      checks.fail('config', `${process.name} goes back to configuration ${zxidText(version)}`);
    }
    this.#note(process, membership);
  }

  /** A server goes by this configuration from now on. */
  onActivated(process: ServerProcess, membership: Membership): void {
    const { trace, checks } = this.#world;
    const { version } = membership;
    trace.add(process.name, 'config-active', version);
    if (version <= process.machine.disk.membership.version) {
      checks.fail('config', `${process.name} goes back to configuration ${zxidText(version)}`);
    }
    const next = this.#note(process, membership);
    const leading = process.core.member?.leading;
    if (leading?.isEstablished === true) {
      checks.onDecided(version);
    } else if (leading !== undefined) {
      this.#assertEpochHas(leading.epoch, [this.#current, next]);
      this.#begin(next);
    } else if (!this.#inForce.has(version)) {
      checks.fail(
        'config-uncommitted',
        `${process.name} goes by configuration ${zxidText(version)}, which is not in force`,
      );
    }
  }

  /** The configuration that this transaction makes; undefined for any other transaction. */
  ofTxn(zxid: number): CheckedMembership | undefined {
    return this.#known.get(zxid);
  }

  /** A transaction is committed. */
  onCommitted(zxid: number): void {
    const next = this.#known.get(zxid);
    if (next !== undefined) this.#begin(next);
  }

  /** A leader has its epoch: it goes by what is in force, and a quorum of that follows it. */
  onEstablished(process: ServerProcess, epoch: number): void {
    this.#assertEpochHas(epoch, [this.#current]);
    const { active } = process.member.memberships;
    if (active.version !== this.#current.version) {
      this.#world.checks.fail(
        'config-lost',
        `${process.name} leads epoch ${epoch} by configuration ${zxidText(active.version)}, in force is ${zxidText(this.#current.version)}`,
      );
    }
  }

  /** What a server goes by is what a restart would begin with. */
  onTurnEnd({ core, machine }: ServerProcess): void {
    const memberships = core.member?.memberships;
    if (memberships === undefined) return;
    const { membership, seenMembership } = machine.disk;
    const seen = Math.max(membership.version, seenMembership?.version ?? 0);
    if (memberships.active.version === membership.version && memberships.lastSeen.version === seen)
      return;
    this.#world.checks.fail(
      'config',
      `${machine.name} goes by other configurations than its disk has`,
    );
  }

  /** Whether this member serves by the configuration in force, and shows it. */
  isFollowedBy(process: ServerProcess): boolean {
    const { tree, member } = process.core;
    if (member?.memberships.active.version !== this.#current.version) return false;
    if (this.#current.version === 0) return true;
    const row = tree.findPath('/zookeeper/config');
    const data = tree.copyData(row);
    return data !== null && decodeUtf8(data, 0, data.byteLength) === this.#current.text;
  }

  #note(process: ServerProcess, membership: Membership): CheckedMembership {
    const { version } = membership;
    const next = checked(membership);
    const known = this.#known.get(version);
    if (known === undefined) this.#known.set(version, next);
    else if (known.text !== next.text) {
      this.#world.checks.fail(
        'config',
        `${process.name} knows another configuration ${zxidText(version)}`,
      );
    }
    return next;
  }

  #begin(next: CheckedMembership): void {
    this.#inForce.add(next.version);
    if (next.version > this.#current.version) this.#current = next;
  }

  #assertEpochHas(epoch: number, memberships: readonly CheckedMembership[]): void {
    const following = new Set<number>();
    for (const { id, disk } of this.#world.machines) {
      if (disk.currentEpoch >= epoch) following.add(id);
    }
    for (const { quorum, version } of memberships) {
      if (quorum.isReachedBy(following)) continue;
      this.#world.checks.fail(
        'epoch-without-quorum',
        `epoch ${epoch} has ${[...following].join(', ')}, no quorum of configuration ${zxidText(version)}`,
      );
    }
  }
}

function checked(membership: Membership): CheckedMembership {
  return {
    membership,
    version: membership.version,
    quorum: new MajorityQuorum(participantsOf(membership).map(({ id }) => id)),
    text: formatMembership(membership),
  };
}
