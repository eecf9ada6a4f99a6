/** What the operating system knows of this process. */
import { readdirSync, readFileSync } from 'node:fs';

/** Open file descriptors; -1 where /proc does not tell. */
export function openFileCount(): number {
  try {
    // The directory that is being read is one of them.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return -1;
  }
}

/** The soft limit of open file descriptors; -1 where /proc does not tell or there is none. */
export function openFileCountMax(): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return limit === undefined ? -1 : Number(limit);
  } catch {
    return -1;
  }
}
