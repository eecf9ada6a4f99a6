// The words of the command line: what is a command, an argument, an option. What they do is elsewhere.

import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ExitCode } from './exit-code.ts';
import type { ProcessParts } from './process-parts.ts';
import { type Property, parseProperty, runServer } from './server-command.ts';

const SERVER_HELP = `
The file is a ZooKeeper configuration (zoo.cfg). The shortest one:

  clientPort=2181
  dataDir=/var/lib/zookeeper

Without a file, two to four plain arguments do:

  zooid server <clientPort> <dataDir> [tickTime] [maxClientCnxns]

Examples:
  zooid server conf/zoo.cfg
  zooid server conf/zoo.cfg -Djute.maxbuffer=4194304 -Dzookeeper.snapCount=50000
  zooid server 2181 ./data "-Dzookeeper.4lw.commands.whitelist=*"

Talk to it with any ZooKeeper client:
  zkCli.sh -server localhost:2181
  echo srvr | nc localhost 2181

Ctrl-C or SIGTERM stops it in order. Exit codes: 0 stopped, 1 unexpected error, 2 wrong arguments or
configuration, 3 data directory, 4 admin server, 10 transaction log or snapshot.
Every key: docs/reference/configuration.md
`;

/** Version of this package, which is the version of all of Zooid's packages. */
function readVersion(): string {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}

/**
 * Runs one command line, without the names of the program and the script. Answers with the exit code once the
 * command has ended: for a server, when it has stopped.
 */
export async function runCommandLine(
  args: readonly string[],
  parts: ProcessParts,
): Promise<number> {
  let exitCode: number = ExitCode.finished;
  const program = new Command('zooid')
    .description('Runs a coordination service that every ZooKeeper client can use.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .configureOutput({ writeOut: parts.writeOut, writeErr: parts.writeError })
    .showHelpAfterError('Run "zooid --help" for help.');
  program.addHelpText('after', '\nStart here: zooid server --help\n');
  program
    .command('server')
    .description('run one standalone server until it is stopped')
    .argument(
      '[config...]',
      'a zoo.cfg (default: ./zoo.cfg), or <clientPort> <dataDir> [tickTime] [maxClientCnxns]',
    )
    .option(
      '-D <key=value>',
      "set a Java system property that ZooKeeper's server knows; may be repeated",
      (text: string, earlier: readonly Property[] = []) => [...earlier, parseProperty(text)],
    )
    .addHelpText('after', SERVER_HELP)
    .action(
      async (
        config: readonly string[],
        options: { readonly D?: readonly Property[] },
        command: Command,
      ) => {
        if (config.length > 4)
          command.error(`error: too many arguments: ${config.length} instead of at most 4`);
        exitCode = await runServer(config, options.D ?? [], parts);
      },
    );
  try {
    if (args.length === 0) {
      program.outputHelp();
      return ExitCode.badInvocation;
    }
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? ExitCode.finished : ExitCode.badInvocation;
  }
}
