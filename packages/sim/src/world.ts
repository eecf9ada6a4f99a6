/** Everything of one run: machines, network, clients, faults and checks, around one clock and one seed. */

import { type CoreOptions, MajorityQuorum, type Quorum } from '@zooid/core';
import type { Membership } from '@zooid/protocol';
import { Checks } from './checks/checks.ts';
import { SessionChecks } from './checks/session-checks.ts';
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
}

export class World {
  readonly options: WorldOptions;
  readonly scheduler: Scheduler = new Scheduler();
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly network: SimulatedNetwork;
  readonly checks: Checks;
  readonly sessions: SessionChecks;
  readonly machines: readonly Machine[];
  readonly clients: readonly SimulatedClient[];
  readonly quorum: Quorum;
  readonly membership: Membership;
  /** The membership as text, for notifications. */
  readonly configText: Uint8Array;
  readonly coreOptions: Omit<CoreOptions, 'serverId'>;
  readonly #makeProcess: (machine: Machine) => ServerProcess;

  constructor(parts: WorldParts) {
    const { options } = parts;
    this.options = options;
    this.random = new SeededRandom(options.seed);
    this.trace = new Trace(this.scheduler, parts.print, parts.keptLineCount ?? 0);
    this.network = new SimulatedNetwork(this.scheduler, this.random.fork('network'), options);
    this.checks = new Checks(this);
    this.sessions = new SessionChecks(this.checks);
    this.#makeProcess = parts.makeProcess ?? ((machine) => new ServerProcess(machine));
    const machines: Machine[] = [];
    for (let id = 1; id <= options.voterCount + options.observerCount; id++) {
      machines.push(new Machine(this, id, id <= options.voterCount ? 'participant' : 'observer'));
    }
    this.machines = machines;
    this.quorum = new MajorityQuorum(this.voters.map(({ id }) => id));
    this.membership = membershipOf(machines, ({ role }) => role);
    const lines = machines.map(({ id, role }) => `server.${id}=s${id}:2888:3888:${role}`);
    this.configText = new TextEncoder().encode(`${lines.join('\n')}\nversion=0`);
    this.coreOptions = coreOptionsOf(options);
    const clients = Array.from({ length: options.clientCount }, (_, i) => `c${i + 1}`);
    this.clients = clients.map((name) => new SimulatedClient(this, name));
  }

  get voters(): Machine[] {
    return this.machines.filter(({ role }) => role === 'participant');
  }

  machineOf(id: number): Machine {
    return this.machines[id - 1]!;
  }

  /** The id of the server with this name. */
  idOf(name: string): number {
    return Number(name.slice(1));
  }

  /** Every machine starts, and every client. */
  start(): void {
    for (const machine of this.machines) machine.start();
    for (const client of this.clients) client.start();
  }

  run(durationMs: number): void {
    this.scheduler.runUntil(this.scheduler.nowMs + durationMs);
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
    reconfigEnabled: false,
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

/** These servers, each in the role that `roleOf` gives it. */
export function membershipOf(
  machines: readonly Machine[],
  roleOf: (machine: Machine) => Machine['role'],
): Membership {
  const servers = machines.map((machine) => ({
    id: machine.id,
    role: roleOf(machine),
    addresses: [{ host: machine.name, quorumPort: 2888, electionPort: 3888 }] as const,
    client: undefined,
  }));
  return {
    version: 0,
    servers: new Map(servers.map((server) => [server.id, server])),
    groups: new Map(),
    weights: new Map(),
  };
}
