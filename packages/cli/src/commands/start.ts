import type { Command } from 'commander';
import type { CommandContext } from '../command.ts';
import { ExitCode } from '../exit.ts';
import {
  addWaitOption,
  CONFIG_ARGUMENT,
  CONFIG_HELP,
  PROPERTY_OPTION,
  type PropertyOptions,
  textOfProperties,
  type WaitOptions,
} from '../life/life-options.ts';
import { readPidFile, removePidFile } from '../life/pid-file.ts';
import {
  chooseConfigFile,
  findServer,
  missingDirectory,
  type ServerPlace,
  serverProperties,
} from '../life/server-place.ts';
import { kindOfProcess } from '../life/server-process.ts';
import { type StartOutcome, startInBackground } from '../life/start-server.ts';
import type { Output } from '../output.ts';

export function register(syntax: Command, context: CommandContext): void {
  addWaitOption(
    syntax
      .description(
        'Starts a server in the background and waits until it takes clients. Its process id is in ' +
          'dataDir/zookeeper_server.pid, its output is appended to a file in dataDir/logs.',
      )
      .argument(...CONFIG_ARGUMENT)
      .option(...PROPERTY_OPTION, textOfProperties),
    'how long to wait for it to take clients',
  )
    .addHelpText('after', CONFIG_HELP)
    .action(async (named: string | undefined, options: PropertyOptions & WaitOptions) => {
      context.end(await start(named, options, context));
    });
}

/** Starts a server in the background. Answers with the exit code; the words on the way are those of zkServer.sh. */
export async function start(
  named: string | undefined,
  options: PropertyOptions & WaitOptions,
  { output, parts }: CommandContext,
): Promise<number> {
  const { environment } = parts;
  const configFile = chooseConfigFile(named, environment);
  output.note(`Using config: ${configFile}`);
  let words = 'Starting zookeeper ... ';
  try {
    const place = findServer(configFile, environment);
    const missing = missingDirectory(place, environment);
    if (missing !== undefined) {
      output.line(missing);
      return ExitCode.failed;
    }
    output.write(words);
    words = '';
    const earlier = readPidFile(place.pidFile);
    if (earlier !== undefined && isServer(earlier)) {
      output.line(`already running as process ${earlier}.`);
      return ExitCode.failed;
    }
    // Not if somebody else has done so, and started a server, while that was being found out.
    removePidFile(place.pidFile, earlier);
    const outcome = await startInBackground({
      command: [
        ...parts.selfCommand,
        'server',
        ...serverProperties(options.D ?? [], environment),
        configFile,
      ],
      environment,
      pidFile: place.pidFile,
      logFile: place.logFile,
      waitMs: options.wait * 1000,
    });
    return tell(outcome, place, options, output);
  } catch (error) {
    output.line(`${words}FAILED TO START`);
    throw error;
  }
}

function isServer(pid: number): boolean {
  const kind = kindOfProcess(pid);
  return kind === 'zooid' || kind === 'apache';
}

function tell(
  outcome: StartOutcome,
  { pidFile, logFile }: ServerPlace,
  { wait }: WaitOptions,
  output: Output,
): number {
  switch (outcome.kind) {
    case 'serving':
      output.line('STARTED');
      return ExitCode.finished;
    case 'slow':
      output.line('STARTED');
      output.note(
        `Process ${outcome.pid} runs, but does not take clients after ${wait} s: it may be reading much data. Its log: ${logFile}`,
      );
      return ExitCode.finished;
    case 'ended':
      output.line('FAILED TO START');
      for (const line of outcome.lastWords) output.note(`  ${line}`);
      output.note(`All that it said: ${logFile}`);
      return ExitCode.failed;
    case 'late':
      output.line(`already running as process ${readPidFile(pidFile) ?? 'of another start'}.`);
      return ExitCode.failed;
    case 'no-pid-file':
      output.line('FAILED TO WRITE PID');
      output.note(outcome.reason);
      return ExitCode.failed;
  }
}
