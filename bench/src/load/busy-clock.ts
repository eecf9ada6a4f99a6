import { readFileSync } from 'node:fs';
import type { LoadExtent } from './load-meter.ts';

/** Unit of processor times in /proc on Linux (USER_HZ). */
const MS_PER_TICK = 10;

/**
 * Processor time that generator and server took while a load was measured, in cores. (How busy the event
 * loop was would count the time in which a server with many threads kept us from running.)
 */
export class BusyClock {
  generator = 0;
  /** Undefined when there is no process to look at. */
  server: number | undefined;
  /** Cores that all other processes of the machine kept busy: they spoil the figures. */
  others: number | undefined;

  readonly #serverPid: number | undefined;
  readonly #timers: NodeJS.Timeout[] = [];
  #usage = process.cpuUsage();
  #serverMs: number | undefined;
  #machineMs: number | undefined;
  #since = performance.now();
  #isStopped = false;

  constructor(extent: LoadExtent, serverPid: number | undefined) {
    this.#serverPid = serverPid;
    if (extent.kind === 'count') return;
    this.#timers.push(setTimeout(() => this.#restart(), extent.warmUpMs));
    this.#timers.push(setTimeout(() => this.stop(), extent.warmUpMs + extent.measureMs));
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    const elapsedMs = performance.now() - this.#since;
    const { user, system } = process.cpuUsage(this.#usage);
    this.generator = (user + system) / 1_000 / elapsedMs;
    const serverMs = processorMs(this.#serverPid);
    if (serverMs === undefined || this.#serverMs === undefined) return;
    this.server = (serverMs - this.#serverMs) / elapsedMs;
    const machineMs = machineProcessorMs();
    if (machineMs === undefined || this.#machineMs === undefined) return;
    const machine = (machineMs - this.#machineMs) / elapsedMs;
    this.others = Math.max(0, machine - this.generator - this.server);
  }

  #restart(): void {
    this.#usage = process.cpuUsage();
    this.#serverMs = processorMs(this.#serverPid);
    this.#machineMs = machineProcessorMs();
    this.#since = performance.now();
  }
}

/** Processor time of a process so far; undefined when nobody knows. */
function processorMs(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    // Behind the command in parentheses: state is field 3, utime and stime are 14 and 15. Source: proc(5).
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
  } catch {
    return undefined;
  }
}

/** Processor time of all cores so far, without idling and waiting; undefined when nobody knows. */
function machineProcessorMs(): number | undefined {
  try {
    // cpu user nice system idle iowait irq softirq steal. Source: proc(5).
    const line = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!;
    const [user, nice, system, , , irq, softirq, steal] = line.split(/ +/).slice(1).map(Number);
    return (user! + nice! + system! + irq! + softirq! + steal!) * MS_PER_TICK;
  } catch {
    return undefined;
  }
}
