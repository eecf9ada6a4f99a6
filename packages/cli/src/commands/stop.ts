import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { CommandContext } from '../command.ts';
import { ExitCode } from '../exit.ts';
import {
  addWaitOption,
  CONFIG_ARGUMENT,
  CONFIG_HELP,
  type WaitOptions,
} from '../life/life-options.ts';
import { readPidFile } from '../life/pid-file.ts';
import { chooseConfigFile, findServer } from '../life/server-place.ts';
import { stopProcess } from '../life/stop-server.ts';

export function register(syntax: Command, context: CommandContext): void {
  addWaitOption(
    syntax
      .description('Stops the server that runs in the background, and waits until it has ended.')
      .argument(...CONFIG_ARGUMENT),
    'how long to wait for its end',
  )
    .addHelpText('after', CONFIG_HELP)
    .action(async (named: string | undefined, options: WaitOptions) => {
      context.end(await stop(named, options, context));
    });
}

/** Stops a server. Answers with the exit code, which is 0 if there was none to stop, as with zkServer.sh. */
export async function stop(
  named: string | undefined,
  options: WaitOptions,
  { output, parts }: CommandContext,
): Promise<number> {
  const configFile = chooseConfigFile(named, parts.environment);
  output.note(`Using config: ${configFile}`);
  const { pidFile } = findServer(configFile, parts.environment);
  output.write('Stopping zookeeper ... ');
  if (!existsSync(pidFile)) {
    output.line(`no zookeeper to stop (could not find file ${pidFile})`);
    return ExitCode.finished;
  }
  const pid = readPidFile(pidFile);
  if (pid === undefined) {
    output.line(`no zookeeper to stop (there is no process id in ${pidFile})`);
    return ExitCode.failed;
  }
  switch (await stopProcess(pid, pidFile, options.wait * 1000)) {
    case 'stopped':
      output.line('STOPPED');
      return ExitCode.finished;
    case 'gone':
      output.line('STOPPED');
      output.note(`It had ended before: there was no process ${pid} any more.`);
      return ExitCode.finished;
    case 'other':
      output.line('STOPPED');
      output.note(
        `It had ended before: process ${pid} is another program by now and was left alone.`,
      );
      return ExitCode.finished;
    case 'not-allowed':
      output.line('FAILED');
      output.note(`Process ${pid} belongs to another user.`);
      return ExitCode.failed;
    case 'still-running':
      output.line('STILL RUNNING');
      output.note(
        `Process ${pid} did not end within ${options.wait} s. To end it by force: kill -9 ${pid}`,
      );
      return ExitCode.failed;
  }
}
