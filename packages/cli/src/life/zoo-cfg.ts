import { readFileSync } from 'node:fs';
import { CommandError } from '../exit.ts';

/** Keys and values of a configuration file, as they stand there. Of two lines with one key the last counts. */
export type ZooCfg = ReadonlyMap<string, string>;

/**
 * Reads a zoo.cfg for what the commands around a server need: its directories and its port. Nothing is checked: that is
 * the server's, which says everything at once. It also reads files that this server would refuse, such as those of an
 * ensemble.
 *
 * @throws CommandError if the file cannot be read.
 */
export function readZooCfg(path: string): ZooCfg {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    throw new CommandError(`the configuration ${path} cannot be read (${codeOf(error)})`, {
      remedy:
        'Give the path of a zoo.cfg. The shortest one has two lines: clientPort=2181 and dataDir=/a/directory.',
      cause: error,
    });
  }
  return parseZooCfg(text);
}

/** The same of a text. */
export function parseZooCfg(text: string): ZooCfg {
  const found = new Map<string, string>();
  for (const line of text.replaceAll(/\\\r?\n[ \t]*/g, '').split(/\r?\n/)) {
    const match = /^\s*([^#!\s=:][^\s=:]*)\s*[=:\s]\s*(.*?)\s*$/.exec(line);
    if (match !== null) found.set(match[1]!, match[2]!);
  }
  return found;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
