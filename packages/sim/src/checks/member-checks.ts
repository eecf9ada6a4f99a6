/**
 * What membership promises: who has joined is seen, and comes back whoever deletes its znode and whatever becomes of its session; who has left is gone, and
 * stays away; and whoever follows the members knows in the end who is there.
 */

import type { ClientProcess } from '../clients/client-process.ts';
import type { World } from '../world.ts';
import { statesOf, wasAbsent } from './znode-history.ts';

export interface Member {
  readonly process: ClientProcess;
  /** Of its znode. */
  readonly path: string;
  /** What the others are to see. */
  data: string;
  /** Whether a znode that holds this says so. */
  readonly says: (text: string, data: string) => boolean;
  /** It comes back when somebody deletes its znode. */
  readonly returns: boolean;
}

export class MemberChecks {
  readonly #world: World;
  readonly #paths: readonly string[];
  readonly #members = new Set<Member>();

  /** @param paths - of the groups. */
  constructor(world: World, paths: readonly string[]) {
    this.#world = world;
    this.#paths = paths;
  }

  /** Paths of those whom one may delete. */
  get deletable(): string[] {
    return this.#running.filter(({ returns }) => returns).map(({ path }) => path);
  }

  onJoining(member: Member): void {
    this.#members.add(member);
  }

  /** A server is said to have had this data since `since`. */
  onSeen({ path, says }: Member, data: string, since: number): void {
    const { sessions, checks } = this.#world;
    const states = statesOf(sessions.model, path, since, checks.committedZxid);
    if (!states.some((state) => state !== undefined && says(state.data, data))) {
      this.#fail(`${path} is said to hold ${data}, and never did`);
    }
    checks.note('member-seen');
  }

  /** @param isCertain - its session is alive. */
  onLeft(member: Member, since: number, isCertain: boolean): void {
    const { sessions, checks } = this.#world;
    this.#members.delete(member);
    if (isCertain && !wasAbsent(sessions.model, member.path, since, checks.committedZxid)) {
      this.#fail(`${member.path} has left, and is there`);
    }
    checks.note('member-left');
  }

  /** @returns what is wrong with who is there, as somebody was told last who follows a group. */
  problemOfFollower(group: string, told: readonly string[]): string | undefined {
    const real = this.#namesAt(group).map((name) => name.slice(name.indexOf('-') + 1));
    const texts = [real, told].map((identifiers) => [...identifiers].sort().join());
    return texts[0] === texts[1] ? undefined : `${group} has ${texts[0]}, and was told ${texts[1]}`;
  }

  /** What is wrong when the ensemble is at rest. */
  get problems(): string[] {
    const { sessions, checks } = this.#world;
    const present = new Map(this.#running.map((member) => [member.path, member]));
    const strange = this.#paths.flatMap((group) =>
      this.#namesAt(group)
        .map((name) => `${group}/${name}`)
        .filter((path) => !present.has(path))
        .map((path) => `${path} is nobody's`),
    );
    const missing = [...present.values()]
      .filter(({ path, data, says }) => {
        const text = sessions.model.at(path, checks.committedZxid)?.data;
        return text === undefined || !says(text, data);
      })
      .map(({ path, data }) => `${path} is not there with ${data}`);
    return [...strange, ...missing];
  }

  get #running(): Member[] {
    return [...this.#members].filter(({ process }) => process.isRunning);
  }

  #namesAt(group: string): string[] {
    const { sessions, checks } = this.#world;
    return sessions.model.childrenAt(group, checks.committedZxid);
  }

  #fail(message: string): never {
    return this.#world.checks.fail('members', message);
  }
}
