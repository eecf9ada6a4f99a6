import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanup } from '../cleanup.ts';

/** Source: statfs(2). */
const TMPFS_MAGIC = 0x01021994;

/** An empty directory on a real disk, and a function that removes it. */
export interface TemporaryDir {
  readonly path: string;
  readonly remove: () => void;
}

/** Where data directories go: the first of these that is not in memory, since writes must be durable. */
export function diskDir(wanted: string | undefined): string {
  if (wanted !== undefined) return wanted;
  const candidates = [tmpdir(), '/var/tmp', process.cwd()];
  return candidates.find((dir) => isOnDisk(dir)) ?? process.cwd();
}

/** Makes a directory below `parent`, removed at the end of the run at the latest. */
export function makeTemporaryDir(parent: string, cleanup: Cleanup): TemporaryDir {
  const path = mkdtempSync(join(parent, 'zooid-bench-'));
  const remove = cleanup.add(() => rmSync(path, { recursive: true, force: true, maxRetries: 3 }));
  return { path, remove };
}

function isOnDisk(dir: string): boolean {
  try {
    return statfsSync(dir).type !== TMPFS_MAGIC;
  } catch {
    return false;
  }
}
