// The arguments of `zooid shell`, which are those of Apache's zkCli.sh and a few more. They are not read by the program's own
// reader: Apache's have one hyphen and whole words, and what follows the command is the command's.
//
// Source: ZooKeeperMain.MyCommandOptions.parseOptions.

import { CommandError, ExitCode } from '../exit.ts';
import { findCommand } from './command-list.ts';

/** What was asked for. */
export interface Invocation {
  /** `host:port,host:port/chroot`. */
  readonly hosts: string;
  /** The command and its words; undefined: lines come from the standard input. */
  readonly words: readonly string[] | undefined;
  /** Session timeout to ask for, in ms. */
  readonly timeoutMs: number;
  readonly readOnly: boolean;
  /** True: waits for the session as long as the session timeout; otherwise five seconds at most. */
  readonly waitsForConnection: boolean;
  /** A file of Java properties. */
  readonly clientConfiguration: string | undefined;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Credentials, `scheme:auth`. */
  readonly auth: readonly string[];
  readonly usesJson: boolean;
  /** True: prints how the connection comes to be, as Apache's shell does. */
  readonly printsConnection: boolean;
}

const HOSTS_DEFAULT = 'localhost:2181';
const TIMEOUT_MS_DEFAULT = 30_000;
const valued: ReadonlySet<string> = new Set([
  'server',
  'timeout',
  'client-configuration',
  'ca',
  'cert',
  'key',
  'auth',
]);
const flags: ReadonlySet<string> = new Set(['r', 'waitforconnection', 'json']);

/** Reads the arguments after `shell`. @throws CommandError for those that are wrong. */
export function readInvocation(args: readonly string[]): Invocation {
  const values = new Map<string, string>();
  const auth: string[] = [];
  let at = 0;
  for (; at < args.length && args[at]!.startsWith('-'); at++) {
    const name = args[at]!.replace(/^--?/, '');
    if (valued.has(name)) {
      const value = args[++at];
      if (value === undefined) throw refuse(`no argument found for option ${args[at - 1]}`);
      if (name === 'auth') auth.push(value);
      else values.set(name, value);
    } else if (flags.has(name)) values.set(name, '');
    else throw refuse(`there is no option ${args[at]}`);
  }
  let words = args.slice(at);
  const isOurForm = !values.has('server') && words[0] !== undefined && isHosts(words);
  if (isOurForm) {
    values.set('server', words[0]!);
    words = words.slice(1);
    // `zooid shell zk1 --json ls /` and `zooid shell zk1 -r`.
    if (words[0]?.startsWith('-')) {
      return {
        ...readInvocation([...args.slice(0, at), '-server', args[at]!, ...words]),
        printsConnection: false,
      };
    }
  }
  return {
    hosts: values.get('server') ?? HOSTS_DEFAULT,
    words: words.length === 0 ? undefined : words,
    timeoutMs: timeoutOf(values.get('timeout')),
    readOnly: values.has('r'),
    waitsForConnection: values.has('waitforconnection'),
    clientConfiguration: values.get('client-configuration'),
    ca: values.get('ca'),
    cert: values.get('cert'),
    key: values.get('key'),
    auth,
    usesJson: values.has('json'),
    printsConnection: !isOurForm && !values.has('json'),
  };
}

/** Whether the first word names servers: it has a port, a dot or a comma, is localhost, or a command follows it. */
function isHosts(words: readonly string[]): boolean {
  const [first = '', second = ''] = words;
  if (findCommand(first) !== undefined) return false;
  return /[:.,]/.test(first) || /^localhost(\/|$)/.test(first) || findCommand(second) !== undefined;
}

function timeoutOf(text: string | undefined): number {
  if (text === undefined) return TIMEOUT_MS_DEFAULT;
  const timeoutMs = Number(text);
  if (!/^\d+$/.test(text) || timeoutMs < 1 || timeoutMs > 0x7fffffff)
    throw refuse('-timeout must be a number of milliseconds');
  return timeoutMs;
}

function refuse(message: string): CommandError {
  return new CommandError(message, {
    exitCode: ExitCode.badInvocation,
    remedy: 'Run "zooid shell --help" for help.',
  });
}
