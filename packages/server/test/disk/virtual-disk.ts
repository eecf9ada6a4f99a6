import fs, { constants } from 'node:fs';
import path from 'node:path';
import type { DiskCalls } from '../../src/disk/disk-calls.ts';

const PAGE_BYTES = 4096;
const SECTOR_BYTES = 512;

interface VirtualFile {
  readonly name: string;
  /** What a reader would see. */
  bytes: Uint8Array;
  /** What survives a power cut for sure. */
  durable: Uint8Array;
  /** Whether its name is on disk. */
  isNamed: boolean;
  /** Synced writes that have not been completed: a power cut leaves any part of them. */
  readonly inFlight: { readonly position: number; readonly bytes: Uint8Array }[];
}

interface Handle {
  readonly file: VirtualFile | undefined;
  readonly isSynced: boolean;
}

type Done = (error: Error | null, result?: number) => void;

/**
 * A disk that forgets, for logs only. Synced writes become durable when they complete; those in flight at the
 * power cut leave any of their pages, or of a page some sectors; of what was written without a sync, any pages
 * may be there. Calls complete when {@link step} says so and in the order that it says: calls that are in flight
 * together are carried out by different threads.
 */
export class VirtualDisk implements DiskCalls {
  readonly #files = new Map<string, VirtualFile>();
  readonly #handles = new Map<number, Handle>();
  readonly #pending: (() => void)[] = [];
  #nextFd = 1_000_000;

  readonly open: typeof fs.open = ((file: string, flags: number, mode: unknown, done?: Done) => {
    const callback = (done ?? mode) as Done;
    const name = path.basename(file);
    if ((flags & constants.O_CREAT) !== 0 && !this.#files.has(name)) {
      this.#files.set(name, {
        name,
        bytes: new Uint8Array(0),
        durable: new Uint8Array(0),
        isNamed: false,
        inFlight: [],
      });
    }
    const fd = this.#nextFd++;
    this.#handles.set(fd, {
      file: this.#files.get(name),
      isSynced: (flags & constants.O_DSYNC) === constants.O_DSYNC,
    });
    this.#pending.push(() => callback(null, fd));
  }) as typeof fs.open;

  readonly write: typeof fs.write = ((
    fd: number,
    source: Uint8Array,
    offset: number,
    length: number,
    position: number,
    done: Done,
  ) => {
    const { file, isSynced } = this.#handles.get(fd)!;
    const write = { position, bytes: source.slice(offset, offset + length) };
    if (isSynced) file!.inFlight.push(write);
    this.#pending.push(() => {
      file!.bytes = placed(file!.bytes, position, write.bytes);
      if (isSynced) {
        file!.durable = placed(file!.durable, position, write.bytes);
        file!.inFlight.splice(file!.inFlight.indexOf(write), 1);
      }
      done(null, length);
    });
  }) as typeof fs.write;

  readonly ftruncate: typeof fs.ftruncate = ((fd: number, length: number, done: Done) => {
    const { file } = this.#handles.get(fd)!;
    this.#pending.push(() => {
      const resized = new Uint8Array(length);
      resized.set(file!.bytes.subarray(0, length));
      file!.bytes = resized;
      done(null);
    });
  }) as unknown as typeof fs.ftruncate;

  readonly fdatasync: typeof fs.fdatasync = ((_fd: number, done: Done) => {
    this.#pending.push(() => done(null));
  }) as typeof fs.fdatasync;

  /** Only directories are synced by this call. */
  readonly fsync: typeof fs.fsync = ((_fd: number, done: Done) => {
    this.#pending.push(() => {
      for (const file of this.#files.values()) file.isNamed = true;
      done(null);
    });
  }) as typeof fs.fsync;

  readonly close: typeof fs.close = ((fd: number, done: Done) => {
    this.#handles.delete(fd);
    this.#pending.push(() => done(null));
  }) as typeof fs.close;

  /** Completes one of the calls in flight, `which` counted round from the oldest. @returns false when there is none. */
  step(which: number): boolean {
    const [complete] = this.#pending.splice(which % Math.max(1, this.#pending.length), 1);
    complete?.();
    return complete !== undefined;
  }

  /** What a reader would see of a file now. */
  visible(name: string): Uint8Array {
    return this.#files.get(name)!.bytes;
  }

  /**
   * Cuts the power and writes what is left into a real directory.
   *
   * @param chance - a number in [0, 1) for each decision of what survives.
   */
  cutPower(directory: string, chance: () => number): void {
    this.#pending.length = 0;
    for (const file of this.#files.values()) {
      if (!file.isNamed && chance() < 0.5) continue;
      // The length is only on disk for sure as far as something durable lies.
      const length = chance() < 0.5 ? file.bytes.byteLength : file.durable.byteLength;
      let left = mixed(file.durable, file.bytes, length, chance);
      for (const write of file.inFlight) left = tear(left, write.position, write.bytes, chance);
      fs.writeFileSync(path.join(directory, file.name), left);
    }
  }
}

/** What is durable for sure, with any of the pages as a reader would have seen them last. */
function mixed(
  durable: Uint8Array,
  visible: Uint8Array,
  length: number,
  chance: () => number,
): Uint8Array {
  const result = placed(new Uint8Array(length), 0, durable);
  for (let page = 0; page < length; page += PAGE_BYTES) {
    if (chance() < 0.5)
      result.set(visible.subarray(page, Math.min(page + PAGE_BYTES, length)), page);
  }
  return result;
}

/** Lands some pages of a write, and of some pages only some sectors. */
function tear(
  target: Uint8Array,
  position: number,
  bytes: Uint8Array,
  chance: () => number,
): Uint8Array {
  const kept = chance();
  let result = target;
  const end = position + bytes.byteLength;
  for (let page = position - (position % PAGE_BYTES); page < end; page += PAGE_BYTES) {
    if (chance() > kept) continue;
    const isWhole = chance() < 0.8;
    for (let sector = page; sector < page + PAGE_BYTES; sector += SECTOR_BYTES) {
      if (!isWhole && chance() < 0.5) continue;
      const from = Math.max(sector, position);
      const to = Math.min(sector + SECTOR_BYTES, end);
      if (from < to) result = placed(result, from, bytes.subarray(from - position, to - position));
    }
  }
  return result;
}

function placed(target: Uint8Array, position: number, bytes: Uint8Array): Uint8Array {
  const end = position + bytes.byteLength;
  let result = target;
  if (end > target.byteLength) {
    result = new Uint8Array(end);
    result.set(target);
  }
  result.set(bytes, position);
  return result;
}
