import type { Command } from 'commander';
import type { CommandContext } from '../command.ts';
import {
  CONFIG_ARGUMENT,
  CONFIG_HELP,
  PROPERTY_OPTION,
  type PropertyOptions,
  textOfProperties,
} from '../life/life-options.ts';
import { chooseConfigFile, serverProperties } from '../life/server-place.ts';
import { parseProperty, runServer } from './server.ts';

export function register(syntax: Command, { output, parts, end }: CommandContext): void {
  syntax
    .description(
      'Runs a server in the foreground, like `zooid server`, with the environment of `zooid start`.',
    )
    .argument(...CONFIG_ARGUMENT)
    .option(...PROPERTY_OPTION, textOfProperties)
    .addHelpText('after', CONFIG_HELP)
    .action(async (named: string | undefined, options: PropertyOptions) => {
      const configFile = chooseConfigFile(named, parts.environment);
      output.note(`Using config: ${configFile}`);
      const properties = serverProperties(options.D ?? [], parts.environment);
      end(
        await runServer(
          [configFile],
          properties.map((text) => parseProperty(text.slice('-D'.length))),
          parts,
        ),
      );
    });
}
