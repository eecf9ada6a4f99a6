import { EnsembleTracker, keepSession } from '@zooid/recipes';
import type { Program } from './program.ts';
import type { Standing } from './standing.ts';

/** Keeps a client's list of servers what the ensemble says it is. */
export class TrackerUse implements Standing {
  readonly #program: Program;
  readonly #tracker: EnsembleTracker;

  constructor(program: Program) {
    this.#program = program;
    const sessions = keepSession((signal) => program.connectAside(signal));
    this.#tracker = new EnsembleTracker(sessions);
    program.inBackground(() => this.#tracker.start());
    program.inBackground(async () => {
      for await (const servers of this.#tracker.changes()) {
        program.world.checks.note('servers-tracked');
        if (servers !== this.#tracker.servers) {
          program.world.checks.fail('tracker', `${servers} are told late`);
        }
      }
    });
  }

  get problem(): string | undefined {
    const { servers } = this.#program.world.memberships.current.membership;
    const real = [...servers.keys()].map((id) => `s${id}:2181`).sort();
    const known = this.#tracker.servers;
    return known === real.join() ? undefined : `of ${real.join()} somebody knows ${known}`;
  }
}
