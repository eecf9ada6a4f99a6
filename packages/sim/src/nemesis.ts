/**
 * What goes wrong, by seed: each fault begins at some moment and is over after some time. What the ensemble must survive, and why it can, stands
 * with each of them in docs/internals/simulator.md.
 */

import type { ClientMachine } from './clients/client-machine.ts';
import { clientFaultNames, type FaultName } from './fault-names.ts';
import type { Machine } from './machine.ts';
import type { SeededRandom } from './random.ts';
import { anyReconfiguration } from './reconfigurations.ts';
import { busyPace, type SimulatedClient, usualPace } from './simulated-client.ts';
import type { World } from './world.ts';

/** A fault, and how often it is chosen beside the others. */
interface Fault {
  readonly name: FaultName;
  readonly weight: number;
  readonly strike: () => void;
}

export class Nemesis {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #faults: readonly Fault[];
  #isActive = false;
  #round = 0;

  constructor(world: World) {
    this.#world = world;
    const random = world.random.fork('nemesis');
    this.#random = random;
    const all: Fault[] = [
      { name: 'crash', weight: 3, strike: () => this.#anyMachine().crash('process') },
      { name: 'crash-leader', weight: 3, strike: () => this.#leader()?.crash('process') },
      { name: 'power-loss', weight: 2, strike: () => this.#anyMachine().crash('power') },
      { name: 'blackout', weight: 0.3, strike: () => this.#blackout() },
      { name: 'pause', weight: 2, strike: () => this.#pause() },
      { name: 'cut', weight: 3, strike: () => this.#cut() },
      { name: 'isolate', weight: 2, strike: () => this.#isolate() },
      { name: 'isolate-leader', weight: 3, strike: () => this.#isolateLeader() },
      { name: 'one-way', weight: 2, strike: () => this.#oneWay() },
      { name: 'ring', weight: 1, strike: () => this.#ring() },
      { name: 'clog', weight: 2, strike: () => this.#clog() },
      { name: 'slow-disk', weight: 2, strike: () => this.#slowDisk() },
      { name: 'stalled-disk', weight: 1, strike: () => this.#stallDisk() },
      { name: 'disk-error', weight: 1, strike: () => this.#failDisk() },
      { name: 'unreadable-log', weight: 0.5, strike: () => this.#unreadable() },
      { name: 'bit-flip', weight: 0.1, strike: () => this.#flipBit() },
      { name: 'clock-jump', weight: 1, strike: () => this.#jumpClock() },
      { name: 'client-drop', weight: 3, strike: () => random.pick(this.#allClients).drop() },
      { name: 'burst', weight: 1, strike: () => this.#burst() },
      { name: 'reconfig', weight: 3, strike: () => this.#reconfigure() },
      { name: 'client-crash', weight: 2, strike: () => this.#crashClient() },
      { name: 'client-pause', weight: 3, strike: () => this.#pauseClient() },
      { name: 'client-isolate', weight: 3, strike: () => this.#isolateClient() },
      { name: 'client-clock-jump', weight: 0.5, strike: () => this.#jumpClientClock() },
    ];
    const isPossible = (name: FaultName) =>
      world.clientMachines.length > 0 || !clientFaultNames.some((other) => other === name);
    this.#faults = all.filter(
      ({ name }) => world.options.faults.includes(name) && isPossible(name),
    );
    world.onMachineDown = (machine) => this.#onDown(machine);
  }

  /** Faults come from now on. */
  begin(): void {
    this.#isActive = true;
    this.#round++;
    for (const client of this.#world.clients) client.pace = busyPace;
    if (this.#faults.length > 0) this.#strikeLater(this.#round);
  }

  /** No fault comes any more, and those that last end. */
  end(): void {
    this.#isActive = false;
    this.#round++;
    const { network, machines, clients, clientMachines } = this.#world;
    network.heal();
    for (const machine of machines) {
      const { disk } = machine;
      disk.extraMs = 0;
      disk.stalledUntilMs = 0;
      disk.isFailing = false;
      disk.isUnreadable = false;
      machine.process?.resume();
      machine.start();
    }
    for (const client of clients) client.pace = usualPace;
    for (const machine of clientMachines) {
      machine.resume();
      machine.start();
    }
  }

  #strikeLater(round: number): void {
    const delayMs = -Math.log(1 - this.#random.next()) * this.#world.options.faultMeanMs;
    this.#world.scheduler.after(delayMs, () => {
      if (round !== this.#round) return;
      const fault = this.#choose();
      this.#world.trace.add('-', fault.name);
      fault.strike();
      this.#strikeLater(round);
    });
  }

  #choose(): Fault {
    const sum = this.#faults.reduce((total, { weight }) => total + weight, 0);
    let draw = this.#random.next() * sum;
    for (const fault of this.#faults) {
      draw -= fault.weight;
      if (draw < 0) return fault;
    }
    return this.#faults[0]!;
  }

  /** Something is over after a while, if the faults are not over as a whole before. */
  #later(minMs: number, maxMs: number, run: () => void): void {
    const round = this.#round;
    // Short ones are more frequent, but the long ones matter as well.
    const delayMs = minMs + (maxMs - minMs) * this.#random.next() ** 3;
    this.#world.scheduler.after(delayMs, () => {
      if (round === this.#round) run();
    });
  }

  #onDown(machine: Machine): void {
    if (!this.#isActive) {
      this.#world.scheduler.after(100, () => machine.start());
      return;
    }
    this.#later(20, 15_000, () => machine.start());
  }

  get #allClients(): readonly (SimulatedClient | ClientMachine)[] {
    return [...this.#world.clients, ...this.#world.clientMachines];
  }

  #anyMachine(): Machine {
    return this.#random.pick(this.#world.machines);
  }

  #leader(): Machine | undefined {
    return this.#world.machines.find(
      ({ process }) => process?.member.leading?.isEstablished === true,
    );
  }

  #blackout(): void {
    for (const machine of this.#world.machines) machine.crash('power');
  }

  #pause(): void {
    const { process } = this.#random.chance(0.5)
      ? (this.#leader() ?? this.#anyMachine())
      : this.#anyMachine();
    if (process === undefined) return;
    process.pause();
    this.#later(50, 15_000, () => process.resume());
  }

  #cut(): void {
    const sockets = this.#world.network.socketsOf(this.#anyMachine().name);
    if (sockets.length === 0) return;
    const untold = () => (this.#random.chance(0.7) ? 0 : this.#random.between(0, 10_000));
    const [first] = this.#random.shuffled(sockets);
    if (this.#random.chance(0.5)) first!.break(untold(), untold());
    else {
      for (const socket of sockets) {
        if (socket.to === first!.to) socket.break(untold(), untold());
      }
    }
  }

  #blockFor(pairs: readonly (readonly [string, string])[], maxMs: number): void {
    const { network } = this.#world;
    for (const [from, to] of pairs) network.block(from, to);
    this.#later(100, maxMs, () => {
      for (const [from, to] of pairs) network.unblock(from, to);
    });
  }

  get #names(): string[] {
    return [...this.#world.machines, ...this.#allClients].map(({ name }) => name);
  }

  /** Some servers, with some clients, are cut off from the others. */
  #isolate(): void {
    const names = this.#random.shuffled(this.#names);
    const near = names.slice(0, this.#random.integer(1, names.length - 1));
    this.#split(near, names.slice(near.length));
  }

  /** The leader goes on with a minority and some clients, until it notices; the others elect another one meanwhile. */
  #isolateLeader(): void {
    const leader = this.#leader();
    if (leader === undefined) return;
    const { voters } = this.#world;
    const others = this.#random.shuffled(voters.filter((machine) => machine !== leader));
    const count = this.#random.integer(0, Math.floor((voters.length - 1) / 2) - 1);
    const near = [leader, ...others.slice(0, Math.max(0, count))].map(({ name }) => name);
    const rest = this.#names.filter((name) => !near.includes(name));
    const withLeader = rest.filter((name) => !name.startsWith('s') && this.#random.chance(0.5));
    this.#split(
      [...near, ...withLeader],
      rest.filter((name) => !withLeader.includes(name)),
    );
  }

  #split(near: readonly string[], far: readonly string[]): void {
    const pairs = near.flatMap((a) => far.flatMap((b) => [[a, b] as const, [b, a] as const]));
    this.#blockFor(pairs, 20_000);
  }

  #oneWay(): void {
    const from = this.#anyMachine().name;
    const others = this.#names.filter((name) => name !== from && this.#random.chance(0.5));
    const isOutward = this.#random.chance(0.5);
    this.#blockFor(
      others.map((to) => (isOutward ? [from, to] : [to, from])),
      20_000,
    );
  }

  /** Each server reaches only its neighbours. */
  #ring(): void {
    const names = this.#random.shuffled(this.#world.machines.map(({ name }) => name));
    const pairs: [string, string][] = [];
    names.forEach((from, i) => {
      names.forEach((to, j) => {
        const distance = Math.abs(i - j);
        if (distance > 1 && distance < names.length - 1) pairs.push([from, to]);
      });
    });
    this.#blockFor(pairs, 20_000);
  }

  #clog(): void {
    const { network } = this.#world;
    const from = this.#anyMachine().name;
    const to = this.#random.pick(this.#names);
    network.clog(from, to, this.#random.between(10, 3000) * this.#random.next());
    this.#later(500, 20_000, () => network.clog(from, to, 0));
  }

  #slowDisk(): void {
    const { disk } = this.#anyMachine();
    disk.extraMs = this.#random.between(10, 2000) * this.#random.next();
    this.#later(500, 20_000, () => {
      disk.extraMs = 0;
    });
  }

  #stallDisk(): void {
    const { disk } = this.#anyMachine();
    disk.stalledUntilMs = this.#world.scheduler.nowMs + this.#random.between(1000, 20_000);
  }

  #failDisk(): void {
    const { disk } = this.#anyMachine();
    disk.isFailing = true;
    this.#later(10, 5000, () => {
      disk.isFailing = false;
    });
  }

  #unreadable(): void {
    const { disk } = this.#anyMachine();
    disk.isUnreadable = true;
    this.#later(1000, 20_000, () => {
      disk.isUnreadable = false;
    });
  }

  /** Of a minority, for good: a server with a damaged log does not start, since it would have forgotten what it acknowledged. */
  #flipBit(): void {
    const { voters } = this.#world;
    const spared = voters.length - Math.floor((voters.length - 1) / 2);
    const machine = this.#anyMachine();
    const damaged = voters.filter(({ isDamaged }) => isDamaged).length;
    // Nobody knows who will have a say.
    if (this.#world.options.faults.includes('reconfig')) return;
    if (voters.includes(machine) && voters.length - damaged <= spared) return;
    if (machine.isDamaged || !machine.disk.flipBit(this.#random)) return;
    machine.isDamaged = true;
    machine.crash('process');
  }

  /** Rather one that holds something than another. */
  #anyClientMachine(): ClientMachine {
    const { clientMachines, locks } = this.#world;
    const { holders } = locks;
    return this.#random.pick(
      holders.length > 0 && this.#random.chance(0.5) ? holders : clientMachines,
    );
  }

  #crashClient(): void {
    const machine = this.#anyClientMachine();
    machine.crash();
    this.#later(20, 15_000, () => machine.start());
  }

  /** As a long collection of garbage, or a machine that sleeps. */
  #pauseClient(): void {
    const machine = this.#anyClientMachine();
    machine.pause();
    this.#later(50, 60_000, () => machine.resume());
  }

  /** From all servers, for long enough to lose the session. */
  #isolateClient(): void {
    const { name } = this.#anyClientMachine();
    const { machines } = this.#world;
    const pairs = machines.flatMap((server) => [
      [name, server.name] as const,
      [server.name, name] as const,
    ]);
    this.#blockFor(pairs, 60_000);
  }

  #jumpClientClock(): void {
    this.#jumpClockOf(this.#anyClientMachine());
  }

  #jumpClock(): void {
    this.#jumpClockOf(this.#anyMachine());
  }

  #jumpClockOf(machine: { wallOffsetMs: number }): void {
    const rangeMs = this.#random.pick([100, 10_000, 3_600_000, 30 * 86_400_000]);
    machine.wallOffsetMs = Math.round(this.#random.between(-rangeMs, rangeMs));
  }

  #reconfigure(): void {
    const { clients } = this.#world;
    this.#random.pick(clients).askNext(anyReconfiguration(this.#world, this.#random));
  }

  /** Somebody asks for a lot. */
  #burst(): void {
    const client = this.#random.pick(this.#world.clients);
    client.pace = {
      pauseMs: this.#random.pick([1, 10, 50]),
      batchMax: this.#random.integer(1, 20),
    };
    this.#later(500, 3000, () => {
      client.pace = busyPace;
    });
  }
}
