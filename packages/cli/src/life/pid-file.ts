// The file with the process id of a server in the background. Several may start or end one at the same moment, so it appears with its number in it, and
// whoever takes it away looks whose it is.

import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** The process id in a file; undefined if there is no such file, or no number in it. */
export function readPidFile(path: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
  const pid = Number(text.trim());
  return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
}

/**
 * Makes the file, unless there is one.
 *
 * @throws what the system says when it cannot be written; there is no new file then.
 */
export function claimPidFile(path: string, pid: number): 'claimed' | 'taken' {
  // To be made and then written it would be empty in between, as one that a crash left behind may be.
  const draft = `${path}.${pid}`;
  writeFileSync(draft, String(pid));
  try {
    linkSync(draft, path);
    return 'claimed';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return 'taken';
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Removes the file if it still holds `pid`, or no number where that is undefined. Somebody else's stays. */
export function removePidFile(path: string, pid: number | undefined): void {
  if (readPidFile(path) !== pid) return;
  const aside = `${path}.removed-by-${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    // Between the look and the removal another one may have taken its place.
    if (readPidFile(aside) !== pid) linkSync(aside, path);
  } finally {
    rmSync(aside, { force: true });
  }
}
