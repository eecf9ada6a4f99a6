/**
 * `zooid purge`: removes snapshots and logs that no restart can need, by the rules of Apache's PurgeTxnLog: the newest N whole
 * snapshots stay, and every log that begins at or after the oldest of them, and the last one that begins before it.
 *
 * Stricter in one thing: a snapshot counts only if its checksum proves it (Apache looks at its last five bytes), and nothing is
 * removed when there are broken ones in place of good ones, or when the logs do not reach back to the oldest that stays.
 */

import fs from 'node:fs';
import path from 'node:path';
import { listLogs, planPurge } from '@zooid/server/files';
import type { CommandContext } from '../command.ts';
import { CommandError, ExitCode } from '../exit.ts';
import { fileError } from './arguments.ts';
import { logDirectoryOf } from './log-verify.ts';

export interface PurgeFilesOptions {
  readonly keptSnapshots: number;
  readonly action: 'remove' | 'list';
  readonly form: 'text' | 'json';
}

/**
 * Purges `dataLogDir` and `dataDir`. A server may run: what it writes meanwhile is newer than what goes.
 *
 * @returns the exit code.
 */
export async function purgeFiles(
  dataLogDir: string,
  dataDir: string,
  options: PurgeFilesOptions,
  { output }: CommandContext,
): Promise<number> {
  const [logDirectory, snapshotDirectory] = [dataLogDir, dataDir].map(versionDirectory) as [
    string,
    string,
  ];
  const plan = await planPurge({
    logDirectory,
    snapshotDirectory,
    keptSnapshots: options.keptSnapshots,
  });
  for (const file of plan.broken)
    output.complain(`${file} is no whole snapshot and does not count.`);
  if (plan.refusedBecause !== undefined) {
    throw new CommandError(`Nothing was removed: ${plan.refusedBecause}.`, {
      remedy: `What is wrong there: zooid doctor ${dataDir}`,
    });
  }
  const kept =
    plan.oldestKept === undefined ? undefined : logBefore(logDirectory, plan.oldestKept.zxid);
  const removable = plan.removable.filter((file) => file !== kept);
  const removed: string[] = [];
  const failed: string[] = [];
  for (const file of removable) {
    const isGone = options.action === 'list' || remove(file);
    (isGone ? removed : failed).push(file);
    const verb = options.action === 'list' ? 'Would remove' : 'Removing';
    if (options.form === 'json') continue;
    if (isGone) output.line(`${verb} file: ${file}`);
    else output.complain(`Failed to remove ${file}`);
  }
  if (options.form === 'json') {
    output.json({ action: options.action, removed, failed, broken: plan.broken });
  } else if (removable.length === 0) {
    output.line('Nothing to remove.');
  }
  return failed.length === 0 ? ExitCode.finished : ExitCode.failed;
}

/** `version-2`, which Apache's tool creates where it is missing and this one does not. */
function versionDirectory(directory: string): string {
  let stat: fs.Stats;
  try {
    stat = fs.statSync(directory);
  } catch (error) {
    throw fileError(directory, error);
  }
  if (!stat.isDirectory()) {
    throw new CommandError(`${directory} is no directory.`, { exitCode: ExitCode.badInvocation });
  }
  const inside = logDirectoryOf(directory);
  if (inside === directory && path.basename(directory) !== 'version-2') {
    throw new CommandError(`${directory} is no data directory: there is no version-2 in it.`, {
      exitCode: ExitCode.badInvocation,
    });
  }
  return inside;
}

/** The last log that begins at or before the snapshot: Apache keeps it whether it is needed or not. */
function logBefore(directory: string, zxid: number): string | undefined {
  return listLogs(directory).findLast((log) => log.zxid <= zxid)?.path;
}

function remove(file: string): boolean {
  try {
    fs.unlinkSync(file);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
