import { readFileSync } from 'node:fs';

/** Descriptors that connections must leave to the log, to snapshots and to the admin server. */
const RESERVED_FILES = 64;

/**
 * How many connections this process can hold and still open the files it needs: a server that cannot begin
 * a new log file must stop. Infinity where the system does not tell.
 */
export function connectionCountFromOpenFiles(): number {
  let text: string;
  try {
    text = readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return Infinity;
  }
  const soft = /^Max open files +(\d+)/m.exec(text)?.[1];
  return soft === undefined ? Infinity : Math.max(1, Number(soft) - RESERVED_FILES);
}
