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
import { start } from './start.ts';
import { stop } from './stop.ts';

export function register(syntax: Command, context: CommandContext): void {
  addWaitOption(
    syntax
      .description(
        'Stops the server that runs in the background, if one does, and starts it again.',
      )
      .argument(...CONFIG_ARGUMENT)
      .option(...PROPERTY_OPTION, textOfProperties),
    'how long to wait for its end, and again for its start',
  )
    .addHelpText('after', CONFIG_HELP)
    .action(async (named: string | undefined, options: PropertyOptions & WaitOptions) => {
      const stopped = await stop(named, options, context);
      context.end(stopped === ExitCode.finished ? await start(named, options, context) : stopped);
    });
}
