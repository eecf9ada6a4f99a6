import fs from 'node:fs';
import path from 'node:path';
import type { FileCalls } from '../../src/disk/file-calls.ts';

/** The process ends here. */
export class Crash extends Error {}

/** What of the changes that nobody synced a power cut leaves. */
export const powerCuts = [
  { names: 'kept', contents: 'kept' },
  { names: 'lost', contents: 'kept' },
  { names: 'kept', contents: 'lost' },
  { names: 'lost', contents: 'lost' },
] as const;

export type PowerCut = (typeof powerCuts)[number];

/**
 * Real files in one directory, whose process ends before the call number `crashAt`, and whose disk may then forget what was not
 * synced: names without a sync of the directory, contents without one of the file. A write that is the last one is done half.
 */
export class CrashingFiles implements FileCalls {
  /** Calls so far. */
  count = 0;

  readonly #directory: string;
  readonly #crashAt: number;
  #nextId = 1;
  /** Files by their names now and on disk. A file is a number: renaming does not change it. */
  readonly #names = new Map<string, number>();
  #durableNames: Map<string, number>;
  readonly #durableContents = new Map<number, Buffer>();
  readonly #fds = new Map<number, number | undefined>();

  /** @param crashAt - infinite for a process that goes on. */
  constructor(directory: string, crashAt: number) {
    this.#directory = directory;
    this.#crashAt = crashAt;
    for (const name of fs.readdirSync(directory)) {
      if (!fs.statSync(path.join(directory, name)).isFile()) continue;
      this.#names.set(name, this.#nextId);
      this.#durableContents.set(this.#nextId++, fs.readFileSync(path.join(directory, name)));
    }
    this.#durableNames = new Map(this.#names);
  }

  readonly openSync: typeof fs.openSync = (file, flags, mode) => {
    this.#step();
    const fd = fs.openSync(file, flags, mode);
    const name = path.basename(String(file));
    const isDirectory = String(file) === this.#directory;
    if (!isDirectory && !this.#names.has(name)) this.#names.set(name, this.#nextId++);
    this.#fds.set(fd, isDirectory ? undefined : this.#names.get(name));
    return fd;
  };

  readonly writeSync = ((
    fd: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): number => {
    if (this.count + 1 === this.#crashAt) fs.writeSync(fd, bytes, offset, length >> 1, position);
    this.#step();
    return fs.writeSync(fd, bytes, offset, length, position);
  }) as typeof fs.writeSync;

  readonly ftruncateSync: typeof fs.ftruncateSync = (fd, length) => {
    this.#step();
    fs.ftruncateSync(fd, length);
  };

  readonly fsyncSync: typeof fs.fsyncSync = (fd) => {
    this.#step();
    const id = this.#fds.get(fd);
    if (id === undefined) this.#durableNames = new Map(this.#names);
    else this.#durableContents.set(id, this.#contentOf(id));
  };

  /** Changes nothing on disk, so a crash before it is one before the next call. */
  readonly closeSync: typeof fs.closeSync = (fd) => {
    this.#fds.delete(fd);
    fs.closeSync(fd);
  };

  readonly renameSync: typeof fs.renameSync = (from, to) => {
    this.#step();
    fs.renameSync(from, to);
    const id = this.#names.get(path.basename(String(from)))!;
    this.#names.delete(path.basename(String(from)));
    this.#names.set(path.basename(String(to)), id);
  };

  readonly unlinkSync: typeof fs.unlinkSync = (file) => {
    this.#step();
    const name = path.basename(String(file));
    const id = this.#names.get(name)!;
    // What is unlinked may come back, with what it held.
    if (!this.#durableContents.has(id)) this.#durableContents.set(id, this.#contentOf(id));
    fs.unlinkSync(file);
    this.#names.delete(name);
  };

  /** Leaves in the directory what the disk has after a power cut. */
  cutPower({ names, contents }: PowerCut): void {
    const left = new Map<string, Buffer>();
    for (const [name, id] of names === 'kept' ? this.#names : this.#durableNames) {
      const durable = this.#durableContents.get(id) ?? Buffer.alloc(0);
      left.set(name, contents === 'kept' ? (this.#tryContentOf(id) ?? durable) : durable);
    }
    for (const name of this.#names.keys())
      fs.rmSync(path.join(this.#directory, name), { force: true });
    for (const [name, bytes] of left) fs.writeFileSync(path.join(this.#directory, name), bytes);
  }

  #step(): void {
    this.count++;
    if (this.count >= this.#crashAt) throw new Crash();
  }

  #contentOf(id: number): Buffer {
    return this.#tryContentOf(id)!;
  }

  #tryContentOf(id: number): Buffer | undefined {
    for (const [name, of] of this.#names)
      if (of === id) return fs.readFileSync(path.join(this.#directory, name));
    return undefined;
  }
}
