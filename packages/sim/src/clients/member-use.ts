/** Members of groups: they join, change what they say of themselves, delete each other's znodes, and leave. */

import { NoNodeError, type ZooKeeper } from '@zooid/client';
import { onAbort } from '@zooid/client/waiting';
import {
  type KeptSession,
  keepSession,
  ServiceDiscovery,
  type SessionSource,
  ShallowParty,
  serviceInstance,
} from '@zooid/recipes';
import type { Member } from '../checks/member-checks.ts';
import type { Makers } from './makers.ts';
import type { Program, Use } from './program.ts';
import type { RecipeName } from './recipe-names.ts';
import type { Standing } from './standing.ts';

const GROUP_PATH = '/members';
const PARTY_PATH = '/party';
const SERVICES_PATH = '/services';
const SERVICE = 'mail';
const SERVICE_PATH = `${SERVICES_PATH}/${SERVICE}`;
/** Where nobody is but those who have joined. */
export const MEMBER_PATHS: readonly string[] = [GROUP_PATH, PARTY_PATH, SERVICE_PATH];

type MakeMembership = (source: SessionSource, id: string, makers: Makers) => Membership;

/** Joins; or, as a member, does what members do. */
function takingPart(name: RecipeName, make: MakeMembership): Use {
  return async (program, zk) => {
    const { random, standing, world } = program;
    const member = standing.get(name);
    if (!(member instanceof MemberUse)) {
      standing.set(name, new MemberUse(program, make));
      return;
    }
    const draw = random.next();
    const { deletable } = world.recipes.members;
    if (draw < 0.3) {
      member.change();
    } else if (draw < 0.6 && deletable.length > 0) {
      await deleteOne(zk, random.pick(deletable));
    } else if (draw < 0.8) {
      standing.delete(name);
      await member.leave();
    }
  };
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
  readonly says: Member['says'];
  readonly returns: boolean;
  /** Follows who is there until the signal fires. */
  readonly follow: (signal: AbortSignal) => Promise<void>;
  /** Identifiers of all, as it was told last. */
  readonly told: () => readonly string[];
}

const groupMember: MakeMembership = (source, id, makers) => {
  const member = makers.groupMember(source, GROUP_PATH, id);
  let told: readonly string[] = [];
  return {
    group: GROUP_PATH,
    path: `${GROUP_PATH}/${id}`,
    join: () => member.start(),
    leave: () => member.close(),
    change: (data) => member.setPayload(data),
    says: (text, data) => text === data,
    returns: true,
    async follow(signal) {
      for await (const members of member.changes({ signal })) told = [...members.keys()];
    },
    told: () => told,
  };
};

const partyMember: MakeMembership = (source, id) => {
  const party = new ShallowParty(source, PARTY_PATH, { identifier: id });
  let told: readonly string[] = [];
  return {
    group: PARTY_PATH,
    path: party.ownPath,
    join: () => party.join(),
    leave: () => party.leave(),
    change: undefined,
    says: (text, data) => text === data,
    returns: true,
    async follow(signal) {
      for await (const identifiers of party.changes({ signal })) told = identifiers;
    },
    told: () => told,
  };
};

const service: MakeMembership = (source, id) => {
  const discovery = new ServiceDiscovery<string>(source, SERVICES_PATH);
  const cache = discovery.cache(SERVICE);
  const instance = serviceInstance({ name: SERVICE, id, address: 'here', payload: id });
  return {
    group: SERVICE_PATH,
    path: `${SERVICE_PATH}/${id}`,
    join: () => discovery.register(instance),
    leave: () => discovery.close(),
    change: (payload) => discovery.update({ ...instance, payload }),
    says: (text, data) => text.includes(`"payload":${JSON.stringify(data)},`),
    returns: false,
    async follow(signal) {
      onAbort(signal, () => void cache.close());
      await cache.start();
    },
    told: () => cache.instances().map((one) => one.id),
  };
};

class MemberUse implements Standing {
  readonly #program: Program;
  readonly #sessions: KeptSession;
  readonly #membership: Membership;
  readonly #member: Member;
  readonly #leaving = new AbortController();
  /** The newest, and how many there were. */
  #zk: ZooKeeper | undefined;
  #sessionCount = 0;
  /** It joins, or says something else, and has not been answered. */
  #isBusy = false;
  #changeCount = 0;

  constructor(program: Program, make: MakeMembership) {
    const { process, random, world } = program;
    this.#program = program;
    this.#sessions = keepSession(async (signal) => {
      this.#zk = await program.connectAside(signal);
      this.#sessionCount++;
      return this.#zk;
    });
    const id = `${process.name}.${random.below(1_000_000)}`;
    this.#membership = make(this.#sessions, id, world.makers);
    const { path, says, returns } = this.#membership;
    this.#member = { process, path, data: id, says, returns };
    world.recipes.members.onJoining(this.#member);
    this.#say(this.#membership.join);
    const { signal } = this.#leaving;
    program.inBackground(() => this.#unlessLeaving(() => this.#membership.follow(signal)));
  }

  get problem(): string | undefined {
    const { members } = this.#program.world.recipes;
    if (this.#isBusy) return `${this.#member.path} is not answered`;
    return members.problemOfFollower(this.#membership.group, this.#membership.told());
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
      await this.#unlessLeaving(async () => {
        await run();
        recipes.members.onSeen(this.#member, data, committedZxid);
      });
      this.#isBusy = false;
    });
  }

  /** What is under way when it leaves may fail. */
  async #unlessLeaving(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!this.#leaving.signal.aborted) throw error;
    }
  }
}

export const useMembership: Use = takingPart('membership', groupMember);
export const useParty: Use = takingPart('party', partyMember);
export const useService: Use = takingPart('service', service);
