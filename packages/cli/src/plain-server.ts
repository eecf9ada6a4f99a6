// `zooid server` without the reader of command lines. What it reads here is what it is started with as a rule; loading
// Commander and what prints would be a tenth of the start of an empty server.

import type { Property } from './commands/server.ts';

/** What `zooid server` is to run. */
export interface PlainServer {
  /** As for the command: nothing, a file, or two to four plain arguments. */
  readonly config: readonly string[];
  readonly properties: readonly Property[];
}

/**
 * Reads a command line of `server`, plain arguments and `-Dkey=value` only. Undefined for every other: for help, for
 * mistakes, and for what can be written in more than one way. Whatever is read here means the same to the program.
 */
export function tryPlainServer(args: readonly string[]): PlainServer | undefined {
  const [command, ...rest] = args;
  if (command !== 'server') return undefined;
  const config: string[] = [];
  const properties: Property[] = [];
  for (const arg of rest) {
    const property = /^-D(\w[^=]*)=(.*)$/s.exec(arg);
    if (property !== null) properties.push([property[1]!, property[2]!]);
    else if (arg === '' || arg.startsWith('-')) return undefined;
    else config.push(arg);
  }
  return config.length > 4 ? undefined : { config, properties };
}
