/**
 * One server for each data directory.
 *
 * The lock is a file, `zooid.lock`, that says who holds it. Node has no lock of the kernel's on files, so
 * a holder that was killed leaves it behind, and whoever comes next must find out whether the holder lives:
 *
 *   same boot, same process namespace   exactly: a process with that id and that start time, or not
 *   anywhere else (container, network   by its pulse: the holder touches the file every two seconds; one not
 *   disk, no /proc)                     touched for ten is taken over
 *
 * The file appears whole, by link(2), and goes by rename(2), so that of two who want it one gets it.
 */

import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DataDirError } from './data-dir-error.ts';

const LOCK_NAME = 'zooid.lock';
const PULSE_MS = 2_000;
/** Longer than a holder is ever without a pulse: several are missed, or it was suspended. */
const PULSE_LOST_MS = 10_000;

/** What the file says, as JSON. */
interface LockHolder {
  readonly pid: number;
  readonly hostname: string;
  readonly startedAt: string;
  /** Distinguishes two locks of the same process. */
  readonly token: string;
  /** Which run of which kernel; empty where the system does not tell. */
  readonly bootId: string;
  /** In which process ids have their meaning; empty likewise. */
  readonly pidNamespace: string;
  /** Start time of the process in ticks since boot; empty likewise. */
  readonly processStart: string;
}

export class DirectoryLock {
  readonly #file: string;
  readonly #token: string;
  readonly #pulse: NodeJS.Timeout;

  private constructor(file: string, token: string) {
    this.#file = file;
    this.#token = token;
    this.#pulse = setInterval(() => {
      const now = new Date();
      // Without a pulse the lock still holds on this machine: not worth stopping the server for.
      fs.utimes(file, now, now, () => {});
    }, PULSE_MS);
    this.#pulse.unref();
  }

  /**
   * Takes the lock of `directory`.
   *
   * @throws DataDirError DATA_DIR_LOCKED naming the holder, when it lives or may live.
   */
  static acquire(directory: string): DirectoryLock {
    const file = path.join(directory, LOCK_NAME);
    const token = randomUUID();
    const candidate = `${file}.${token}`;
    fs.writeFileSync(candidate, JSON.stringify(describeSelf(token)), { flag: 'wx' });
    try {
      // Each round either gets the lock, or removes a dead one, or meets a living one.
      for (let round = 0; round < 5; round++) {
        if (tryLink(candidate, file)) return new DirectoryLock(file, token);
        removeIfDead(directory, file);
      }
    } finally {
      fs.rmSync(candidate, { force: true });
    }
    throw locked(directory, 'several servers want it at the same moment');
  }

  /** Gives the lock back. Harmless when it was taken over in the meantime. */
  release(): void {
    clearInterval(this.#pulse);
    if (readHolder(this.#file)?.token === this.#token) fs.rmSync(this.#file, { force: true });
  }
}

/** Who has the lock of a directory, as far as its file tells. */
export interface LockFacts {
  readonly file: string;
  /** What the file says; undefined if it says nothing that can be understood. */
  readonly holder: Pick<LockHolder, 'pid' | 'hostname' | 'startedAt'> | undefined;
  /** `unknown`: the process cannot be looked for from here, and whoever wants the lock goes by the pulse. */
  readonly life: 'alive' | 'dead' | 'unknown';
  /** Whether the pulse is young enough that nobody takes the lock over. */
  readonly pulse: 'beats' | 'lost';
}

/** Looks at the lock of `directory` and leaves it alone; undefined if there is none. For tools. */
export function inspectLock(directory: string): LockFacts | undefined {
  const file = path.join(directory, LOCK_NAME);
  const ageMs = pulseAgeMs(file);
  if (ageMs === undefined) return undefined;
  const holder = readHolder(file);
  return {
    file,
    holder,
    life: holder === undefined ? 'unknown' : lifeOf(holder),
    pulse: ageMs < PULSE_LOST_MS ? 'beats' : 'lost',
  };
}

function tryLink(candidate: string, file: string): boolean {
  try {
    fs.linkSync(candidate, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** @throws DataDirError if the holder lives or may live. */
function removeIfDead(directory: string, file: string): void {
  const holder = readHolder(file);
  const ageMs = pulseAgeMs(file);
  if (ageMs === undefined) return; // Given back just now.
  switch (holder === undefined ? 'unknown' : lifeOf(holder)) {
    case 'alive':
      throw locked(directory, `it is in use by ${describe(holder!)}`);
    case 'unknown':
      if (ageMs < PULSE_LOST_MS) {
        const who = holder === undefined ? 'a server that did not say which' : describe(holder);
        throw locked(
          directory,
          `it was in use ${Math.max(0, Math.round(ageMs / 1000))} s ago by ${who}; if that one has ended, wait ${PULSE_LOST_MS / 1000} s`,
        );
      }
      break;
    case 'dead':
  }
  // Somebody else may have come to the same conclusion and hold a new lock by now: look at what was removed.
  const removed = `${file}.dead.${randomUUID()}`;
  try {
    fs.renameSync(file, removed);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (readHolder(removed)?.token !== holder?.token) tryLink(removed, file);
  fs.rmSync(removed, { force: true });
}

function lifeOf(holder: LockHolder): 'alive' | 'dead' | 'unknown' {
  const self = describeSelf('');
  if (holder.bootId === '' || holder.bootId !== self.bootId) return 'unknown';
  if (holder.pidNamespace !== self.pidNamespace) return 'unknown';
  const start = processStart(holder.pid);
  return start !== '' && start === holder.processStart ? 'alive' : 'dead';
}

function describeSelf(token: string): LockHolder {
  return {
    pid: process.pid,
    hostname: os.hostname(),
    startedAt: new Date().toISOString(),
    token,
    bootId: readFirst(() => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidNamespace: readFirst(() => fs.readlinkSync('/proc/self/ns/pid')),
    processStart: processStart(process.pid),
  };
}

/** Field 22 of /proc/<pid>/stat; the name of the program before it may hold blanks and brackets. */
function processStart(pid: number): string {
  return readFirst(() => {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie holds nothing any more.
    return fields[0] === 'Z' ? '' : (fields[19] ?? '');
  });
}

function readFirst(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

function readHolder(file: string): LockHolder | undefined {
  try {
    const parsed: unknown = JSON.parse(fs.readFileSync(file, 'utf8'));
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    const holder = parsed as LockHolder;
    return typeof holder.pid === 'number' && typeof holder.token === 'string' ? holder : undefined;
  } catch {
    return undefined;
  }
}

function pulseAgeMs(file: string): number | undefined {
  try {
    return Date.now() - fs.statSync(file).mtimeMs;
  } catch {
    return undefined;
  }
}

function describe(holder: LockHolder): string {
  const where = holder.hostname === os.hostname() ? '' : ` on ${holder.hostname}`;
  return `process ${holder.pid}${where}, started ${holder.startedAt}`;
}

function locked(directory: string, what: string): DataDirError {
  return new DataDirError(
    'DATA_DIR_LOCKED',
    directory,
    what,
    'Stop the other server, or give this one a directory of its own.',
  );
}
