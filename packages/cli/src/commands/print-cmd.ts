import type { Command } from 'commander';
import type { CommandContext } from '../command.ts';
import {
  CONFIG_ARGUMENT,
  CONFIG_HELP,
  PROPERTY_OPTION,
  type PropertyOptions,
  textOfProperties,
} from '../life/life-options.ts';
import { quoteForShell } from '../life/quote-for-shell.ts';
import { chooseConfigFile, findServer, serverProperties } from '../life/server-place.ts';

export function register(syntax: Command, { output, parts }: CommandContext): void {
  syntax
    .description('Prints the command line that `zooid start` would run, for a shell.')
    .argument(...CONFIG_ARGUMENT)
    .option(...PROPERTY_OPTION, textOfProperties)
    .addHelpText('after', CONFIG_HELP)
    .action((named: string | undefined, options: PropertyOptions) => {
      const configFile = chooseConfigFile(named, parts.environment);
      output.note(`Using config: ${configFile}`);
      const { logFile } = findServer(configFile, parts.environment);
      const words = [
        ...parts.selfCommand,
        'server',
        ...serverProperties(options.D ?? [], parts.environment),
        configFile,
      ].map(quoteForShell);
      output.line(`${words.join(' ')} >> ${quoteForShell(logFile)} 2>&1 < /dev/null`);
    });
}
