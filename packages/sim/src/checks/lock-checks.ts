/**
 * What whoever holds something may rely on:
 *
 * - no more hold it than may, as long as `lost` has not fired; a process that stood still has a moment to see its signal;
 * - `lost` fires no later than the end of the session is committed: from then on servers give the lock away;
 * - the token is the zxid that made the holder's znode, and grows with every grant; of those who share it, above all who had it alone;
 * - nobody overtakes: of those in the queue that a holder had to wait for, none that came first is left;
 * - in the end no znode is left of those who have given theirs back, and all who wait get it (`run-seed.ts`).
 */

import { decodeTxnHeader, JuteReader, OpCode } from '@zooid/protocol';
import type { ClientMachine } from '../clients/client-machine.ts';
import type { ClientProcess } from '../clients/client-process.ts';
import type { World } from '../world.ts';
import { zxidText } from './checks.ts';

/** A lock in somebody's hands. */
export interface Holding {
  readonly process: ClientProcess;
  /** Of what is held. */
  readonly path: string;
  /** So many may hold it at a time. */
  readonly limit: number;
  /** Any number of those who share it may hold it at a time. */
  readonly isShared?: boolean;
  readonly token: number | undefined;
  /** The znode that stands for the holder; undefined for what has none. */
  readonly znode: string | undefined;
  /** Whether whoever has a znode of this name, and came first, must be gone. */
  readonly waitsFor?: ((name: string) => boolean) | undefined;
  readonly sessionId: bigint;
}

/** Greatest tokens of a lock that anybody was given. */
interface Tokens {
  alone: number;
  shared: number;
}

export class LockChecks {
  readonly #world: World;
  /** Who believes to hold something. */
  readonly #holdings = new Set<Holding>();
  readonly #tokens = new Map<string, Tokens>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Machines whose process holds something. */
  get holders(): ClientMachine[] {
    return [...this.#holdings].map(({ process }) => process.machine);
  }

  onGranted(holding: Holding): void {
    const { process, path, token, znode } = holding;
    this.#world.trace.add(process.name, 'granted', token, 0, path);
    this.#world.checks.note(holding.isShared ? 'lock-shared' : 'lock-granted');
    if (znode !== undefined) this.#checkZnode(holding, znode);
    if (token !== undefined) this.#checkToken(holding, token);
    this.#holdings.add(holding);
    if (!this.#isExcused(holding)) this.#assertNotTooMany(holding);
  }

  #checkZnode(holding: Holding, znode: string): void {
    const { token = 0, sessionId, waitsFor } = holding;
    const { checks, sessions } = this.#world;
    const made = sessions.model.at(znode, token);
    if (made?.czxid !== token || made.owner !== sessionId) {
      this.#fail(holding, 'token', `has the token ${zxidText(token)}, which did not make ${znode}`);
    }
    if (waitsFor === undefined || this.#isExcused(holding)) return;
    const parent = znode.slice(0, znode.lastIndexOf('/'));
    const ahead = sessions.model
      .childrenAt(parent, checks.committedZxid)
      .find((name) => waitsFor(name) && numberOf(name) < numberOf(znode));
    if (ahead !== undefined) this.#fail(holding, 'order', `has it before ${ahead}`);
  }

  #checkToken(holding: Holding, token: number): void {
    const { path, isShared = false } = holding;
    const { alone, shared } = this.#tokens.get(path) ?? { alone: 0, shared: 0 };
    const greatest = isShared ? alone : Math.max(alone, shared);
    if (token <= greatest && !this.#isExcused(holding)) {
      this.#fail(
        holding,
        'token',
        `has ${zxidText(token)}, after ${zxidText(greatest)} of another`,
      );
    }
    this.#tokens.set(
      path,
      isShared
        ? { alone, shared: Math.max(shared, token) }
        : { alone: Math.max(alone, token), shared },
    );
  }

  onLost(holding: Holding): void {
    if (!this.#holdings.delete(holding)) return;
    this.#world.trace.add(holding.process.name, 'lock-lost', holding.token);
    this.#world.checks.note('lock-lost');
  }

  /** It is about to be given back. */
  onReleased(holding: Holding): void {
    if (this.#holdings.delete(holding)) {
      this.#world.trace.add(holding.process.name, 'lock-released', holding.token);
    }
  }

  onProcessEnd(process: ClientProcess): void {
    for (const holding of this.#of(process)) this.#holdings.delete(holding);
  }

  /** A process that stood still has seen what time it is. */
  onAwake(process: ClientProcess): void {
    for (const holding of this.#of(process)) {
      this.#assertNotTooMany(holding);
      const { model } = this.#world.sessions;
      if (!model.hasSession(holding.sessionId)) this.#failLate(holding);
    }
  }

  /** Told of each transaction when it is committed. */
  onCommitted(bytes: Uint8Array): void {
    if (this.#holdings.size === 0) return;
    const { sessionId, type } = decodeTxnHeader(new JuteReader(bytes));
    if (type !== OpCode.closeSession) return;
    for (const holding of this.#holdings) {
      if (holding.sessionId === sessionId && !this.#isExcused(holding)) this.#failLate(holding);
    }
  }

  #isExcused(holding: Holding): boolean {
    return holding.process.isDazed;
  }

  #failLate(holding: Holding): never {
    return this.#fail(holding, 'lost-late', 'holds on to what its session, which has ended, held');
  }

  #assertNotTooMany(holding: Holding): void {
    const { path, limit, isShared } = holding;
    const others = [...this.#holdings].filter(
      (other) =>
        other !== holding &&
        other.path === path &&
        !(isShared && other.isShared) &&
        !this.#isExcused(other),
    );
    if (others.length < limit) return;
    const names = others.map(({ process }) => process.name).join();
    this.#fail(holding, 'exclusion', `holds it, and so does ${names}`);
  }

  #of(process: ClientProcess): Holding[] {
    return [...this.#holdings].filter((holding) => holding.process === process);
  }

  #fail(
    { process, path }: Pick<Holding, 'process' | 'path'>,
    check: string,
    message: string,
  ): never {
    return this.#world.checks.fail(check, `${process.name}, ${path}: ${message}`);
  }
}

/** The number at the end of a sequential name. */
function numberOf(name: string): number {
  return Number(name.slice(-10));
}
