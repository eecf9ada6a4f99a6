import type { ScheduledEvent } from '../scheduler.ts';

/** What `setTimeout` and its like give in a simulated process: as much of Node's as code makes use of. */
export class VirtualTimer {
  /** The next time that it fires. */
  event: ScheduledEvent | undefined;
  isCancelled = false;

  cancel(): void {
    this.isCancelled = true;
    this.event?.cancel();
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }
}
