/**
 * One history from a seed: times of faults and times of peace take turns. In peace the ensemble must come to life again, and once nobody asks for
 * anything any more, all must hold the same.
 */

import { Violation } from './checks/checks.ts';
import { LOCK_PATHS } from './clients/lock-uses.ts';
import { MORE_LOCK_PATHS } from './clients/more-lock-uses.ts';
import { MORE_QUEUE_LOCKS_PATHS } from './clients/more-queue-uses.ts';
import { PARTITIONER_PATHS } from './clients/partitioner-use.ts';
import { QUEUE_LOCKS_PATH } from './clients/queue-use.ts';
import { VirtualGlobals } from './clients/virtual-globals.ts';
import type { Machine } from './machine.ts';
import { Nemesis } from './nemesis.ts';
import { consistent, optionsOf, plainWorld, type WorldOptions } from './options.ts';
import { type Plant, type PlantName, plants } from './plants/plants.ts';
import { World } from './world.ts';

export interface RunOptions {
  readonly seed: number;
  /** Simulated time, ms: at least so much. */
  readonly durationMs: number;
  readonly print?: ((line: string) => void) | undefined;
  readonly keptLineCount?: number | undefined;
  /** A mistake that every server makes. */
  readonly plant?: PlantName | undefined;
  /** In place of what the seed would decide. */
  readonly overrides?: Partial<WorldOptions> | undefined;
}

export interface RunResult {
  readonly seed: number;
  /** Equal hashes are equal histories. */
  readonly hash: number;
  readonly simulatedMs: number;
  readonly eventCount: number;
  readonly committedCount: number;
  readonly epochCount: number;
  /** How often what happened. */
  readonly counts: ReadonlyMap<string, number>;
  /** Undefined when nothing was found. */
  readonly violation: Error | undefined;
  /** The last lines of the trace. */
  readonly recent: readonly string[];
}

/** How long peace may take to bring everything to life, ms. */
const LIFE_MS_MAX = 150_000;
/** How often is looked whether it has. */
const LOOK_MS = 500;

export async function runSeed(run: RunOptions): Promise<RunResult> {
  const plant: Plant | undefined = run.plant === undefined ? undefined : plants[run.plant];
  const options = consistent({
    ...optionsOf(run.seed),
    ...(plant && { ...plainWorld, ...plant.overrides }),
    ...run.overrides,
  });
  // Nothing of anybody else's is left to do that could meet the globals of a history.
  if (options.clientProcessCount > 0) await untilQuiet();
  using globals = options.clientProcessCount > 0 ? new VirtualGlobals() : undefined;
  const { makeProcess, makers } = plant ?? {};
  const world = new World({ ...run, options, globals, makeProcess, makers });
  let violation: Error | undefined;
  const onUnhandled = (reason: unknown): void => {
    violation ??= new Violation('unhandled', `nobody hears that ${reason}`);
  };
  process.on('unhandledRejection', onUnhandled);
  try {
    await runRounds(world, run.durationMs);
    // Node looks for rejections that nobody has heard when nothing else is left to do.
    if (globals !== undefined) await untilQuiet();
  } catch (error) {
    violation = error as Error;
  }
  process.off('unhandledRejection', onUnhandled);
  const { scheduler, trace, checks } = world;
  return {
    seed: run.seed,
    hash: trace.hash,
    simulatedMs: scheduler.nowMs,
    eventCount: scheduler.eventCount,
    committedCount: checks.committed.length,
    epochCount: checks.epochCount,
    counts: checks.counts,
    violation,
    recent: trace.recent,
  };
}

/** Until the real event loop has come round. */
function untilQuiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function runRounds(world: World, durationMs: number): Promise<void> {
  const nemesis = new Nemesis(world);
  const random = world.random.fork('rounds');
  world.start();
  do {
    world.endPeace();
    nemesis.begin();
    world.isCalm = false;
    await world.run(random.between(10_000, 90_000));
    nemesis.end();
    world.isCalm = true;
    world.trace.add('-', 'peace');
    await awaitLife(world);
    world.beginPeace();
    for (
      const untilMs = world.scheduler.nowMs + random.between(1000, 60_000);
      world.scheduler.nowMs < untilMs;
    ) {
      await world.run(random.between(500, 10_000));
      // Clients that change servers are no fault.
      random.pick([...world.clients, ...world.clientMachines]).drop();
    }
    await awaitRest(world);
  } while (world.scheduler.nowMs < durationMs);
  world.sessions.onEnd();
}

/** Every server serves, every client has written something since, and every process got what it wants. */
async function awaitLife(world: World): Promise<void> {
  const all = [...world.clients, ...world.clientMachines];
  const before = new Map(all.map((client) => [client, client.doneCount]));
  for (const client of world.clients) client.resume();
  for (const machine of world.clientMachines) machine.goOn();
  const isAlive = () =>
    membersOf(world).every(isServing) &&
    all.every((client) => client.doneCount > before.get(client)!);
  await waitFor(world, isAlive, 'does not come to life');
}

/** Nobody asks any more: everything is answered, and everybody holds the same. */
async function awaitRest(world: World): Promise<void> {
  for (const client of world.clients) client.stop();
  for (const machine of world.clientMachines) machine.stop();
  const isResting = () =>
    world.clients.every(({ outstandingCount }) => outstandingCount === 0) &&
    world.clientMachines.every(({ isIdle }) => isIdle) &&
    leftovers(world).length === 0 &&
    problems(world).length === 0;
  await waitFor(world, () => isResting() && isEqual(world), 'does not come to rest');
  world.queue.onRest();
  world.recipes.onRest();
}

const NOTHING_LEFT_PATHS: readonly string[] = [
  ...LOCK_PATHS,
  ...MORE_LOCK_PATHS,
  ...PARTITIONER_PATHS,
  QUEUE_LOCKS_PATH,
  ...MORE_QUEUE_LOCKS_PATHS,
];

/** Znodes of locks: when nobody holds or wants one, there is none. */
function leftovers({ checks, sessions }: World): string[] {
  const zxid = checks.committedZxid;
  return NOTHING_LEFT_PATHS.flatMap((path) =>
    sessions.model.childrenAt(path, zxid).map((name) => `${path}/${name}`),
  );
}

/** What processes keep, and is not as it should be. */
function problems({ clientMachines, recipes }: World): string[] {
  const standing = clientMachines
    .flatMap(({ process }) => [...(process?.program.standing.values() ?? [])])
    .map(({ problem }) => problem)
    .filter((problem) => problem !== undefined);
  return [...standing, ...recipes.problems];
}

/** Those whose log is not damaged. */
function membersOf({ machines, memberships }: World): Machine[] {
  const { servers } = memberships.current.membership;
  return machines.filter(({ id, isRotten }) => servers.has(id) && !isRotten);
}

/** As part of the ensemble. */
function isServing({ process }: Machine): boolean {
  return process?.member.isServing === true && !process.member.isReadOnly;
}

function isEqual(world: World): boolean {
  const members = membersOf(world);
  const [first] = members;
  const sessionsOf = (machine: Machine) =>
    machine.process?.core
      .snapshotHead()
      .sessions.map(({ id }) => id)
      .sort()
      .join();
  return members.every(
    (machine) =>
      isServing(machine) &&
      machine.process !== undefined &&
      world.memberships.isFollowedBy(machine.process) &&
      machine.disk.lastChain === first!.disk.lastChain &&
      machine.process.core.lastAppliedZxid === first!.disk.lastZxid &&
      sessionsOf(machine) === sessionsOf(first!),
  );
}

async function waitFor(world: World, isDone: () => boolean, complaint: string): Promise<void> {
  const untilMs = world.scheduler.nowMs + LIFE_MS_MAX;
  while (!isDone()) {
    if (world.scheduler.nowMs >= untilMs) {
      throw new Violation('liveness', `the ensemble ${complaint}: ${describe(world)}`);
    }
    await world.run(LOOK_MS);
  }
}

function describe(world: World): string {
  const servers = world.machines.map(({ name, process, isRotten, disk }) => {
    const role = isRotten ? 'rotten' : (process?.member.role ?? 'down');
    return `${name} ${role}${process?.member.isServing === true ? ' serving' : ''} ${disk.lastZxid.toString(16)}`;
  });
  const clients = world.clients.map(
    ({ name, isConnected, outstandingCount }) =>
      `${name} ${isConnected ? 'connected' : 'lost'} ${outstandingCount}`,
  );
  const processes = world.clientMachines.map(
    ({ name, doneCount, isIdle }) => `${name} ${isIdle ? 'idle' : 'busy'} ${doneCount}`,
  );
  return [...servers, ...clients, ...processes, ...leftovers(world), ...problems(world)].join(', ');
}
