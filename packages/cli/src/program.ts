// From a command line to a command: finds it in the table, loads it, runs it, says how it ended. What the commands do
// is in src/commands.

import { Command, CommanderError } from 'commander';
import type { CommandContext, CommandEntry } from './command.ts';
import { commandTable } from './command-table.ts';
import { CommandError, ExitCode, isSystemError } from './exit.ts';
import { Output } from './output.ts';
import type { ProcessParts } from './process-parts.ts';
import { zooidVersion } from './version.ts';

const START_HERE = `
Start here:
  zooid server 2181 ./data    a server on port 2181 with its data in ./data, until Ctrl-C
  zooid 4lw srvr              from another terminal: how does it do?
  zooid help server           more about servers and their configuration
`;

/**
 * Runs one command line, without the names of the program and the script. Answers with the exit code once the
 * command has ended: for a server, when it has stopped. An error that is a bug is thrown.
 */
export async function runCommandLine(
  args: readonly string[],
  parts: ProcessParts,
): Promise<number> {
  let exitCode: number = ExitCode.finished;
  const output = new Output(parts);
  const context: CommandContext = {
    output,
    parts,
    end: (code) => {
      exitCode = code;
    },
  };
  const wanted = args[0] === 'help' ? args[1] : args[0];
  const program = await createProgram(context, (entry) => entry.name === wanted);
  try {
    if (args.length === 0) {
      program.outputHelp();
      return ExitCode.badInvocation;
    }
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? ExitCode.finished : ExitCode.badInvocation;
    if (error instanceof CommandError) {
      output.complain(error.message);
      if (error.remedy !== undefined) output.note(error.remedy);
      return error.exitCode;
    }
    if (!isSystemError(error)) throw error;
    output.complain(error.message);
    return ExitCode.failed;
  }
}

/**
 * The program with all its commands. Those that `isWanted` are loaded and have their arguments and their action; of the
 * others there is what the list in the help says.
 */
export async function createProgram(
  context: CommandContext,
  isWanted: (entry: CommandEntry) => boolean,
): Promise<Command> {
  const { parts } = context;
  const program = new Command('zooid')
    .description('A coordination service that every ZooKeeper client can use.')
    .usage('<command> [arguments]')
    .version(zooidVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .commandsGroup('Other:')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .configureOutput({
      writeOut: parts.writeOut,
      writeErr: parts.writeError,
      getOutHelpWidth: () => parts.outTerminal()?.columns ?? 100,
      getErrHelpWidth: () => parts.errorTerminal()?.columns ?? 100,
    })
    .showHelpAfterError('Run "zooid --help" for help.');
  program.addHelpText('after', START_HERE);
  for (const entry of commandTable) {
    const syntax = program
      .command(entry.name, { hidden: entry.isHidden === true })
      .summary(entry.summary)
      .description(entry.summary)
      .helpGroup(entry.group)
      .showHelpAfterError(`Run "zooid ${entry.name} --help" for help.`);
    if (isWanted(entry)) (await entry.load()).register(syntax, context);
  }
  return program;
}
