import fs from 'node:fs';
import type { DiskCalls } from '../../src/disk/disk-calls.ts';

/** The real disk, except that one kind of call fails from some moment on. */
export class FaultyDisk implements DiskCalls {
  /** Calls that were made, by name. */
  readonly calls: string[] = [];
  readonly open: typeof fs.open;
  readonly write: typeof fs.write;
  readonly ftruncate: typeof fs.ftruncate;
  readonly fdatasync: typeof fs.fdatasync;
  readonly fsync: typeof fs.fsync;
  readonly close: typeof fs.close;

  /** @param fails - asked before each call; what it returns is how the call ends. */
  constructor(
    fails: (call: keyof DiskCalls, nth: number) => 'EIO' | 'ENOSPC' | 'short' | undefined,
  ) {
    const counts = new Map<string, number>();
    const wrap = <F>(name: keyof DiskCalls): F =>
      ((...args: unknown[]) => {
        const nth = (counts.get(name) ?? 0) + 1;
        counts.set(name, nth);
        this.calls.push(name);
        const outcome = fails(name, nth);
        const done = args.at(-1) as (error: Error | null, result?: number) => void;
        if (outcome === undefined) {
          (fs[name] as (...a: unknown[]) => void)(...args);
        } else if (outcome === 'short') {
          // The system takes half and says so.
          const half = (args[3] as number) >> 1;
          args[3] = half;
          (fs[name] as (...a: unknown[]) => void)(...args);
        } else {
          const error = Object.assign(new Error(`${outcome}: injected, ${name}`), {
            code: outcome,
          });
          setImmediate(() => done(error));
        }
      }) as F;
    this.open = wrap('open');
    this.write = wrap('write');
    this.ftruncate = wrap('ftruncate');
    this.fdatasync = wrap('fdatasync');
    this.fsync = wrap('fsync');
    this.close = wrap('close');
  }
}
