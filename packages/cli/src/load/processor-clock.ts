import { readFileSync } from 'node:fs';

/** Unit of processor times in /proc on Linux (USER_HZ). */
const MS_PER_TICK = 10;

/** Who kept how many cores busy; undefined where nobody knows. */
export interface Busyness {
  /** This process: the generator. */
  readonly generator: number;
  /** The server, or all of them together. */
  readonly server: number | undefined;
  /** All other processes of the machine: they spoil the figures. */
  readonly others: number | undefined;
}

/** Above this many cores others may have slowed down what was measured. */
export const OTHERS_MAX = 0.2;

/** Whether other processes took so much that a figure is not to be trusted. */
export function isDisturbed(busyness: Pick<Busyness, 'others'> | undefined): boolean {
  return (busyness?.others ?? 0) > OTHERS_MAX;
}

/**
 * Processor time from its creation on. (How busy the event loop was would count the time in which
 * others kept us from running.)
 */
export class ProcessorClock {
  readonly #serverPids: readonly number[];
  readonly #usage = process.cpuUsage();
  readonly #serverMs: number | undefined;
  readonly #machineMs: number | undefined = machineMs();
  readonly #since = performance.now();

  /** @param serverPids - processes of the servers that are known and run. */
  constructor(serverPids: readonly number[]) {
    this.#serverPids = serverPids;
    this.#serverMs = processesMs(serverPids);
  }

  /** @param startedPid - a server that was started after this clock was made. */
  read(startedPid?: number): Busyness {
    const elapsedMs = performance.now() - this.#since;
    const { user, system } = process.cpuUsage(this.#usage);
    const generator = (user + system) / 1_000 / elapsedMs;
    const pids = startedPid === undefined ? this.#serverPids : [...this.#serverPids, startedPid];
    const serverMs = processesMs(pids);
    if (pids.length === 0 || serverMs === undefined || this.#serverMs === undefined) {
      return { generator, server: undefined, others: undefined };
    }
    const server = (serverMs - this.#serverMs) / elapsedMs;
    const machineMsNow = machineMs();
    if (machineMsNow === undefined || this.#machineMs === undefined) {
      return { generator, server, others: undefined };
    }
    const machine = (machineMsNow - this.#machineMs) / elapsedMs;
    return { generator, server, others: Math.max(0, machine - generator - server) };
  }
}

/** Processor time of all these processes so far; undefined when one of them cannot be read. */
function processesMs(pids: readonly number[]): number | undefined {
  let sum = 0;
  for (const pid of pids) {
    const ms = processMs(pid);
    if (ms === undefined) return undefined;
    sum += ms;
  }
  return sum;
}

/** Processor time of a process so far. */
function processMs(pid: number): number | undefined {
  try {
    // Behind the command in parentheses: state is field 3, utime and stime are 14 and 15. Source: proc(5).
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
  } catch {
    return undefined;
  }
}

/** Processor time of all cores so far, without idling and waiting. */
function machineMs(): number | undefined {
  try {
    // cpu user nice system idle iowait irq softirq steal. Source: proc(5).
    const line = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!;
    const [user, nice, system, , , irq, softirq, steal] = line.split(/ +/).slice(1).map(Number);
    return (user! + nice! + system! + irq! + softirq! + steal!) * MS_PER_TICK;
  } catch {
    return undefined;
  }
}
