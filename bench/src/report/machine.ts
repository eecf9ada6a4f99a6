import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { javaVersion } from '../servers/server-kind.ts';

/** Under which conditions figures were measured. */
export interface Conditions {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly platform: string;
  readonly node: string;
  readonly java: string | undefined;
  readonly commit: string;
  readonly date: string;
  /** Where the data directories lie. */
  readonly dataDir: string;
}

/** The conditions of this run. */
export function currentConditions(dataDir: string): Conditions {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    java: javaVersion(),
    commit: currentCommit(),
    date: new Date().toISOString(),
    dataDir,
  };
}

/** Short hash of the checked-out commit, with `+` when files differ from it. */
function currentCommit(): string {
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    const isChanged = git('status', '--porcelain', '--untracked-files=no') !== '';
    return git('rev-parse', '--short', 'HEAD') + (isChanged ? '+' : '');
  } catch {
    return 'unknown';
  }
}
