import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { type ParsedConfig, parseServerConfig } from './parse-config.ts';

/**
 * Reads a configuration file, and the files that it names. A file that cannot be read is a problem like any other.
 * `properties` are the system properties that were given as arguments.
 */
export function loadServerConfig(
  file: string,
  properties: Iterable<readonly [name: string, value: string]> = [],
): ParsedConfig {
  const path = isAbsolute(file) ? file : resolve(file);
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    const reason = `cannot be read (${describeError(error)})`;
    const remedy = 'Give the path of a file that exists and that this user may read.';
    return {
      ok: false,
      problems: [{ file: undefined, line: undefined, key: path, value: undefined, reason, remedy }],
      warnings: [],
    };
  }
  return parseServerConfig({ file, text, properties, readTextFile: tryReadTextFile });
}

/** The text of a file, each character one byte; undefined if it cannot be read. */
export function tryReadTextFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

function describeError(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  return String(error);
}
