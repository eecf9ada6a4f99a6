// Which process a pid file means. A crash leaves the file behind, and the number may belong to anybody by then, so a
// number counts only if the process is a ZooKeeper server: this one or Apache's, which a script may have to stop when
// one takes the place of the other.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What a process id stands for. */
export type ProcessKind =
  /** A Zooid. */
  | 'zooid'
  /** Apache's server. */
  | 'apache'
  /** Something else. */
  | 'other'
  /** Nothing: it has ended. */
  | 'gone';

/** What runs under this number now. */
export function kindOfProcess(pid: number): ProcessKind {
  if (!isAlive(pid)) return 'gone';
  const words = wordsOfProcess(pid);
  return words === undefined ? 'gone' : kindOfWords(words);
}

/** What a command line runs, from its words. */
export function kindOfWords(words: readonly string[]): ProcessKind {
  if (words.some((word) => /\.(QuorumPeerMain|ZooKeeperServerMain)$/.test(word))) return 'apache';
  const isZooid = words.some(
    (word, index) =>
      /(^|[/\\])zooid(\.[a-z]+)?$/.test(word) &&
      /^(server|start-foreground)$/.test(words[index + 1] ?? ''),
  );
  return isZooid ? 'zooid' : 'other';
}

/** Whether the process exists and has not ended. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, but belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return !isZombie(pid);
}

/** One that has ended, but whose parent has not asked how: in a container without an init it stays for ever. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false; // No /proc here.
  }
}

function wordsOfProcess(pid: number): readonly string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    const found = spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
    return found.status === 0 ? found.stdout.trim().split(/\s+/) : undefined;
  }
}
