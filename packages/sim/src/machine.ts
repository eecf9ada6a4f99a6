/** The computer of one server: its disk and clocks, which outlive the processes on it. */

import type { Membership } from '@zooid/protocol';
import type { SeededRandom } from './random.ts';
import type { ServerProcess } from './server-process.ts';
import { RottenLogError, SimulatedDisk } from './simulated-disk.ts';
import type { World } from './world.ts';

export class Machine {
  readonly id: number;
  readonly name: string;
  readonly world: World;
  readonly disk: SimulatedDisk;
  readonly random: SeededRandom;
  /** Undefined while it is down. */
  process: ServerProcess | undefined;
  /** Its log is damaged: nobody starts it again. */
  isRotten = false;
  /** A bit of its log has changed, whether that was noticed or not. */
  isDamaged = false;
  /** How far the wall clock is from the truth. */
  wallOffsetMs = 0;
  /** Monotonic clocks begin anywhere. */
  readonly monotonicOffsetMs: number;

  /** @param membership - what its files say at first. */
  constructor(world: World, id: number, membership: Membership) {
    this.world = world;
    this.id = id;
    this.name = `s${id}`;
    this.disk = new SimulatedDisk(membership);
    this.random = world.random.fork(this.name);
    this.monotonicOffsetMs = this.random.integer(0, 10_000_000);
  }

  get wallMs(): number {
    return this.world.wallMs + this.wallOffsetMs;
  }

  /** What a write to the disk takes. */
  diskDelayMs(): number {
    const { diskMsMin, diskMsMax } = this.world.options;
    return diskMsMin + (diskMsMax - diskMsMin) * this.random.next() ** 4 + this.disk.extraMs;
  }

  start(): void {
    if (this.process !== undefined || this.isRotten) return;
    const { trace } = this.world;
    trace.add(this.name, 'start', this.disk.lastZxid);
    const process = this.world.newProcess(this);
    this.process = process;
    try {
      process.start();
    } catch (error) {
      if (!(error instanceof RottenLogError)) throw error;
      trace.add(this.name, 'rotten');
      this.isRotten = true;
      process.kill(false);
    }
  }

  /** @param how - `power` also loses what the network would have been told. */
  crash(how: 'process' | 'power'): void {
    if (this.process === undefined) return;
    this.world.trace.add(this.name, 'crash', this.disk.durableZxid, 0, how);
    this.process.kill(how === 'power');
  }

  /** @internal Called by the process when it has ended. */
  onProcessEnd(): void {
    this.process = undefined;
    if (!this.isRotten) this.disk.crash(this.random);
    this.world.onMachineDown(this);
  }
}
