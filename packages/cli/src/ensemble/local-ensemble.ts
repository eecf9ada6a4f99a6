import { setTimeout as wait } from 'node:timers/promises';
import { lookAtServer, type ServerLook } from '../top/look-at-server.ts';
import { hasQuorum, type MemberRow } from './ensemble-view.ts';
import type { MemberPlace } from './layout.ts';
import { Member } from './member.ts';

/** How often members are asked how they do, and how long an answer may take. */
const ASK_EVERY_MS = 500;
const ANSWER_MS_MAX = 2000;

/** Servers on this machine that make an ensemble, and what they tell of themselves. */
export class LocalEnsemble {
  readonly members: readonly Member[];
  readonly #looks = new Map<number, ServerLook>();
  readonly #onChange: () => void;
  readonly #end = new AbortController();
  #asking: Promise<void> | undefined;

  /** @param onChange - called when something is other than before. */
  constructor(
    places: readonly MemberPlace[],
    selfCommand: readonly string[],
    onChange: () => void,
  ) {
    this.#onChange = onChange;
    this.members = places.map(
      (place) => new Member(place, selfCommand, () => this.#changed(place)),
    );
  }

  /** All members as they are now. */
  get rows(): readonly MemberRow[] {
    return this.members.map(({ place, state }) => ({
      place,
      state,
      look: this.#looks.get(place.id),
    }));
  }

  get hasQuorum(): boolean {
    return hasQuorum(this.rows);
  }

  /** Starts all members, and asks them from now on. */
  start(): void {
    for (const member of this.members) member.start();
    this.#asking ??= this.#ask();
  }

  /** Ends all members in order. Resolves when they are gone. */
  async close(): Promise<void> {
    this.#end.abort();
    await Promise.all([...this.members.map((member) => member.stop()), this.#asking]);
  }

  #changed({ id }: MemberPlace): void {
    // What another process said does not count any more.
    this.#looks.delete(id);
    this.#onChange();
  }

  async #ask(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      await Promise.all(this.members.map((member) => this.#lookAt(member)));
      if (!signal.aborted) this.#onChange();
      await wait(ASK_EVERY_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #lookAt({ place, state }: Member): Promise<void> {
    if (state.kind !== 'running') return;
    const server = { host: '127.0.0.1', port: place.clientPort };
    this.#looks.set(
      place.id,
      await lookAtServer(server, { timeoutMs: ANSWER_MS_MAX, scope: 'server' }),
    );
  }
}
