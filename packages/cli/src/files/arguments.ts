// What the file tools take as arguments, read the same way everywhere.

import fs from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { CommandError, ExitCode } from '../exit.ts';

/** A zxid or session id as everybody writes it: `0x1a`, or decimal. */
export function parseZxid(text: string): number {
  const value = /^(?:0x[0-9a-f]{1,16}|\d{1,16})$/i.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('A zxid is a number such as 0x100000002, or decimal.');
  }
  return value;
}

/** A session id, signed as files have it. */
export function parseSessionId(text: string): bigint {
  if (!/^(?:0x[0-9a-f]{1,16}|-?\d{1,19})$/i.test(text)) {
    throw new InvalidArgumentError('A session id is a number such as 0x100002a31ad0000.');
  }
  return BigInt.asIntN(64, BigInt(text));
}

/** An absolute path of a znode. */
export function parseZnodePath(text: string): string {
  if (!text.startsWith('/')) throw new InvalidArgumentError('A path begins with a slash.');
  return text.length > 1 && text.endsWith('/') ? text.slice(0, -1) : text;
}

/** A moment in ms: ISO 8601 (local time unless it names a zone), or ms since 1970. */
export function parseTime(text: string): number {
  const wallMs = /^\d{9,15}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(wallMs)) {
    throw new InvalidArgumentError('A time is such as 2026-11-20T16:46:07Z or "2026-11-20 16:46".');
  }
  return wallMs;
}

/** A whole number that is not negative. */
export function parseCount(text: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw new InvalidArgumentError('A whole number is needed.');
  return value;
}

/**
 * The length of a file that is to be read.
 *
 * @throws CommandError (bad invocation, as Apache's tools) if it is not there, is a directory, or may not be read.
 */
export function readableFileBytes(file: string): number {
  let stat: fs.Stats;
  try {
    stat = fs.statSync(file);
    if (!stat.isDirectory()) fs.accessSync(file, fs.constants.R_OK);
  } catch (error) {
    throw fileError(file, error);
  }
  if (stat.isDirectory()) {
    throw new CommandError(`${file} is a directory; a file is needed.`, {
      exitCode: ExitCode.badInvocation,
    });
  }
  return stat.size;
}

/** What the system says of a file, in words. */
export function fileError(file: string, error: unknown): CommandError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  const words: Record<string, string> = {
    ENOENT: `${file} does not exist.`,
    ENOTDIR: `${file} does not exist.`,
    EACCES: `${file} may not be read by this user.`,
  };
  return new CommandError(words[code] ?? `${file} cannot be read: ${message}.`, {
    exitCode: ExitCode.badInvocation,
    cause: error,
  });
}
