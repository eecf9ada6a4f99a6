// What the commands that start, stop and look at a server have in common on the command line.

import { type Command, InvalidArgumentError } from 'commander';

/** The argument of them all. */
export const CONFIG_ARGUMENT = [
  '[zoo.cfg]',
  "the server's configuration (default: ZOOCFGDIR/ZOOCFG, or ./zoo.cfg)",
] as const;

/** Flags and help of `-D`. */
export const PROPERTY_OPTION = [
  '-D <key=value>',
  "set a Java system property that ZooKeeper's server knows; may be repeated",
] as const;

/** What `-D` comes to: the texts behind it. */
export interface PropertyOptions {
  readonly D?: readonly string[];
}

/** Gathers `-D` options. */
export function textOfProperties(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}

/** What `--wait` comes to: seconds. */
export interface WaitOptions {
  readonly wait: number;
}

const WAIT_SECONDS = 60;

/** Adds `--wait <seconds>`. */
export function addWaitOption(syntax: Command, help: string): Command {
  return syntax.option('--wait <seconds>', help, parseSeconds, WAIT_SECONDS);
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || seconds > 86_400)
    throw new InvalidArgumentError('It must be a number of seconds, at most 86400.');
  return seconds;
}

/** The help on the environment. */
export const CONFIG_HELP = `
As with Apache's zkServer.sh, the environment may say:
  ZOOCFGDIR, ZOOCFG              directory and name of the configuration
  ZOOPIDFILE                     the file with the process id
  ZOO_LOG_DIR                    the directory of the log
  SERVER_JVMFLAGS, JVMFLAGS      -Dkey=value in them counts; what is for a JVM does not
  ZOO_DATADIR_AUTOCREATE_DISABLE if set, missing data directories are not made
`;
