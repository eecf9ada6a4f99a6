/** Everything of one run: machines, network, clients, faults and checks, around one clock and one seed. */

import type { CoreOptions } from '@zooid/core';
import type { Membership, ServerLine } from '@zooid/protocol';
import { Checks } from './checks/checks.ts';
import { CounterChecks } from './checks/counter-checks.ts';
import { LockChecks } from './checks/lock-checks.ts';
import { MembershipChecks } from './checks/membership-checks.ts';
import { QueueChecks } from './checks/queue-checks.ts';
import { RecipeChecks } from './checks/recipe-checks.ts';
import { SessionChecks } from './checks/session-checks.ts';
import { ClientMachine } from './clients/client-machine.ts';
import { type Makers, productionMakers } from './clients/makers.ts';
import { QUEUE_PATH } from './clients/queue-use.ts';
import { ReaderProgram } from './clients/reader-program.ts';
import { RecipesProgram } from './clients/recipes-program.ts';
import type { VirtualGlobals } from './clients/virtual-globals.ts';
import { Machine } from './machine.ts';
import type { WorldOptions } from './options.ts';
import { SeededRandom } from './random.ts';
import { Scheduler } from './scheduler.ts';
import { ServerProcess } from './server-process.ts';
import { SimulatedClient } from './simulated-client.ts';
import { SimulatedNetwork } from './simulated-network.ts';
import { Trace } from './trace.ts';

export interface WorldParts {
  readonly options: WorldOptions;
  /** Gets every line of the trace. */
  readonly print?: ((line: string) => void) | undefined;
  /** How many of the last lines are kept for a report. */
  readonly keptLineCount?: number | undefined;
  /** Makes the process of a machine that starts: tests plant a mistake there. */
  readonly makeProcess?: ((machine: Machine) => ServerProcess) | undefined;
  /** Recipes of client processes: the same. */
  readonly makers?: Partial<Makers> | undefined;
  /** Needed where there are client processes. */
  readonly globals?: VirtualGlobals | undefined;
}

/** Simulated time begins at this moment of the wall clock. */
const WALL_START_MS = Date.UTC(2026, 0, 1);

export class World {
  readonly options: WorldOptions;
  readonly scheduler: Scheduler = new Scheduler();
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly network: SimulatedNetwork;
  readonly checks: Checks;
  readonly memberships: MembershipChecks;
  readonly sessions: SessionChecks;
  readonly locks: LockChecks;
  readonly queue: QueueChecks;
  readonly counter: CounterChecks;
  readonly recipes: RecipeChecks;
  readonly machines: readonly Machine[];
  readonly clients: readonly SimulatedClient[];
  /** Those that run the production client. */
  readonly clientMachines: readonly ClientMachine[];
  readonly coreOptions: Omit<CoreOptions, 'serverId'>;
  /** What client processes work with. */
  readonly makers: Makers;
  readonly #makeProcess: (machine: Machine) => ServerProcess;

  constructor(parts: WorldParts) {
    const { options } = parts;
    this.options = options;
    this.random = new SeededRandom(options.seed);
    this.trace = new Trace(this.scheduler, parts.print, parts.keptLineCount ?? 0);
    this.network = new SimulatedNetwork(this.scheduler, this.random.fork('network'), options);
    this.#makeProcess = parts.makeProcess ?? ((machine) => new ServerProcess(machine));
    this.makers = { ...productionMakers, ...parts.makers };
    const { voterCount, observerCount } = options;
    const lines: ServerLine[] = [];
    for (let id = 1; id <= voterCount + observerCount; id++) {
      lines.push(lineOf(id, id <= voterCount ? 'participant' : 'observer'));
    }
    const membership = membershipOf(lines);
    this.memberships = new MembershipChecks(this, membership);
    this.checks = new Checks(this);
    this.sessions = new SessionChecks(this.checks);
    this.locks = new LockChecks(this);
    this.queue = new QueueChecks(this, QUEUE_PATH);
    this.counter = new CounterChecks(this.checks);
    this.recipes = new RecipeChecks(this);
    this.checks.onProposed = (bytes, start, end) => {
      this.sessions.onProposed(bytes, start, end);
    };
    this.checks.onCommitted = (txn) => {
      this.sessions.onCommitted(txn);
      this.locks.onCommitted(txn.bytes);
      this.recipes.onCommitted(txn);
    };
    const machines = lines.map(({ id }) => new Machine(this, id, membership));
    const isReconfigOn = options.faults.includes('reconfig');
    for (let spare = 1; isReconfigOn && spare <= options.spareCount; spare++) {
      const id = voterCount + observerCount + spare;
      // Whoever sets such a server up writes down the ensemble as it is, and the new server in the role that it is to have.
      const role = this.random.fork(`spare ${id}`).chance(0.5) ? 'participant' : 'observer';
      machines.push(new Machine(this, id, membershipOf([...lines, lineOf(id, role)])));
    }
    this.machines = machines;
    this.coreOptions = coreOptionsOf(options);
    const clients = Array.from({ length: options.clientCount }, (_, i) => `c${i + 1}`);
    this.clients = clients.map((name) => new SimulatedClient(this, name));
    this.clientMachines = this.#clientMachines(parts);
  }

  #clientMachines({ globals }: WorldParts): ClientMachine[] {
    if (globals === undefined) return [];
    this.scheduler.settling = globals;
    const { isReadOnlyModeOn, clientProcessCount } = this.options;
    const isReader = (index: number) => isReadOnlyModeOn && index === clientProcessCount - 1;
    return Array.from(
      { length: this.options.clientProcessCount },
      (_, i) =>
        new ClientMachine(this, globals, `p${i + 1}`, (process) =>
          isReader(i) ? new ReaderProgram(process) : new RecipesProgram(process),
        ),
    );
  }

  /** Nothing disturbs, and what goes on is to come to an end. */
  isCalm = false;
  /** Since then everything is alive, and nothing disturbs; `Infinity` while it is not so. */
  peaceSinceMs: number = Number.POSITIVE_INFINITY;

  /** The wall clock that is right. */
  get wallMs(): number {
    return Math.floor(WALL_START_MS + this.scheduler.nowMs);
  }

  /** Those that have a say, as far as is decided. */
  get voters(): Machine[] {
    return [...this.memberships.current.quorum.voters].map((id) => this.machineOf(id));
  }

  machineOf(id: number): Machine {
    return this.machines[id - 1]!;
  }

  /** The id of the server with this name. */
  idOf(name: string): number {
    return Number(name.slice(1));
  }

  beginPeace(): void {
    this.peaceSinceMs = this.scheduler.nowMs;
    this.sessions.setPeace(this.peaceSinceMs);
  }

  endPeace(): void {
    this.peaceSinceMs = Number.POSITIVE_INFINITY;
    this.sessions.setPeace(undefined);
  }

  /** Every machine starts, and every client. */
  start(): void {
    for (const machine of this.machines) machine.start();
    for (const client of this.clients) client.start();
    for (const machine of this.clientMachines) machine.start();
  }

  /** @returns undefined when the time has gone by already. */
  run(durationMs: number): Promise<void> | undefined {
    return this.scheduler.runUntil(this.scheduler.nowMs + durationMs);
  }

  /** @internal */
  newProcess(machine: Machine): ServerProcess {
    return this.#makeProcess(machine);
  }

  /** Told of each machine whose process is gone. */
  onMachineDown: (machine: Machine) => void = () => {};
}

function coreOptionsOf(options: WorldOptions): Omit<CoreOptions, 'serverId'> {
  const { tickTimeMs } = options;
  return {
    tickTimeMs,
    sessionTimeoutMsMin: 2 * tickTimeMs,
    sessionTimeoutMsMax: 20 * tickTimeMs,
    extendedTypes: 'extended',
    digestEnabled: true,
    hashSeed: 0x1234_5678,
    enforceQuota: false,
    closeSessionTxnEnabled: true,
    reconfigEnabled: options.faults.includes('reconfig'),
    isAudited: false,
    connectionThrottle: {
      tokenCount: 0,
      fillTimeMs: 1,
      fillCount: 1,
      freezeTimeMs: -1,
      dropIncrease: 0.02,
      dropDecrease: 0.002,
      decreaseRatio: 0,
      isWeighted: false,
      globalSessionWeight: 3,
      localSessionWeight: 1,
      renewSessionWeight: 2,
    },
    largeRequests: { thresholdBytes: undefined, bytesMax: 1024 * 1024 },
    cleaner: { checkIntervalMs: 60_000, deletesPerMinuteMax: 10_000, neverUsedMsMax: 0 },
  };
}

/** The line of a server in a configuration. */
export function lineOf(id: number, role: ServerLine['role']): ServerLine {
  return {
    id,
    role,
    addresses: [{ host: `s${id}`, quorumPort: 2888, electionPort: 3888 }],
    client: { host: '0.0.0.0', port: 2181 },
  };
}

/** What stands in the files of a new ensemble of these servers. */
export function membershipOf(lines: readonly ServerLine[]): Membership {
  return {
    version: 0,
    servers: new Map(lines.map((line) => [line.id, line])),
    groups: new Map(),
    weights: new Map(),
  };
}
