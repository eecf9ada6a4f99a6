/** Members of groups: they join, change what they say of themselves, delete each other's znodes, and leave. */

import { NoNodeError, type ZooKeeper } from '@zooid/client';
import { type KeptSession, keepSession, type SessionSource, ShallowParty } from '@zooid/recipes';
import type { Member } from '../checks/member-checks.ts';
import type { Makers } from './makers.ts';
import type { Program } from './program.ts';
import type { Standing } from './standing.ts';

const GROUP_PATH = '/members';
const PARTY_PATH = '/party';
export const MEMBER_PATHS: readonly string[] = [GROUP_PATH, PARTY_PATH];

const NAME = 'members';

/** Joins; or, as a member, does what members do. */
export async function useMembership(program: Program, zk: ZooKeeper): Promise<void> {
  const { random, standing, world } = program;
  const member = standing.get(NAME);
  if (!(member instanceof MemberUse)) {
    standing.set(NAME, new MemberUse(program));
    return;
  }
  const draw = random.next();
  const { present } = world.recipes.members;
  if (draw < 0.3) {
    member.change();
  } else if (draw < 0.6 && present.length > 0) {
    await deleteOne(zk, random.pick(present));
  } else if (draw < 0.8) {
    standing.delete(NAME);
    await member.leave();
  }
}

async function deleteOne(zk: ZooKeeper, path: string): Promise<void> {
  try {
    await zk.delete(path, { idempotent: true });
  } catch (error) {
    if (!(error instanceof NoNodeError)) throw error;
  }
}

/** What both kinds of membership have in common. */
interface Membership {
  readonly group: string;
  readonly path: string;
  readonly join: () => Promise<unknown>;
  readonly leave: () => Promise<void>;
  /** Says something else of itself, where it can. */
  readonly change: ((data: string) => Promise<void>) | undefined;
  /** Identifiers of all. */
  readonly changes: (signal: AbortSignal) => AsyncIterable<readonly string[]>;
}

function groupMember(source: SessionSource, id: string, makers: Makers): Membership {
  const member = makers.groupMember(source, GROUP_PATH, id);
  return {
    group: GROUP_PATH,
    path: `${GROUP_PATH}/${id}`,
    join: () => member.start(),
    leave: () => member.close(),
    change: (data) => member.setPayload(data),
    async *changes(signal) {
      for await (const members of member.changes({ signal })) yield [...members.keys()];
    },
  };
}

function partyMember(source: SessionSource, id: string): Membership {
  const party = new ShallowParty(source, PARTY_PATH, { identifier: id });
  return {
    group: PARTY_PATH,
    path: party.ownPath,
    join: () => party.join(),
    leave: () => party.leave(),
    change: undefined,
    changes: (signal) => party.changes({ signal }),
  };
}

class MemberUse implements Standing {
  readonly #program: Program;
  readonly #sessions: KeptSession;
  readonly #membership: Membership;
  readonly #member: Member;
  readonly #leaving = new AbortController();
  /** The newest, and how many there were. */
  #zk: ZooKeeper | undefined;
  #sessionCount = 0;
  /** Who is there, as it was told last. */
  #told: readonly string[] = [];
  /** It joins, or says something else, and has not been answered. */
  #isBusy = false;
  #changeCount = 0;

  constructor(program: Program) {
    const { process, random, world } = program;
    this.#program = program;
    this.#sessions = keepSession(async (signal) => {
      this.#zk = await program.connectAside(signal);
      this.#sessionCount++;
      return this.#zk;
    });
    const id = `${process.name}.${random.below(1_000_000)}`;
    const make = random.chance(0.5) ? groupMember : partyMember;
    this.#membership = make(this.#sessions, id, world.makers);
    this.#member = { process, path: this.#membership.path, data: id };
    world.recipes.members.onJoining(this.#member);
    this.#say(this.#membership.join);
    program.inBackground(async () => {
      for await (const told of this.#membership.changes(this.#leaving.signal)) this.#told = told;
    });
  }

  get problem(): string | undefined {
    const { members } = this.#program.world.recipes;
    if (this.#isBusy) return `${this.#member.path} is not answered`;
    return members.problemOfFollower(this.#membership.group, this.#told);
  }

  change(): void {
    const { change } = this.#membership;
    if (change === undefined || this.#isBusy) return;
    const data = `${this.#member.data.split(' ')[0]} ${++this.#changeCount}`;
    this.#member.data = data;
    this.#say(() => change(data));
  }

  async leave(): Promise<void> {
    const { checks, recipes } = this.#program.world;
    const { committedZxid } = checks;
    this.#leaving.abort();
    await this.#membership.leave();
    const isCertain = this.#sessionCount === 1 && this.#zk?.lost.aborted === false;
    recipes.members.onLeft(this.#member, committedZxid, isCertain);
    await this.#sessions.close();
  }

  /** Does something after which a server has what it says of itself. */
  #say(run: () => Promise<unknown>): void {
    const { checks, recipes } = this.#program.world;
    const { committedZxid } = checks;
    const { data } = this.#member;
    this.#isBusy = true;
    this.#program.inBackground(async () => {
      try {
        await run();
        recipes.members.onSeen(this.#member, data, committedZxid);
      } catch (error) {
        if (!this.#leaving.signal.aborted) throw error;
      }
      this.#isBusy = false;
    });
  }
}
