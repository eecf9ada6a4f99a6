import type { Command } from 'commander';
import type { CommandContext } from '../command.ts';
import { JSON_OPTION_HELP } from '../output.ts';
import { zooidVersion } from '../version.ts';

/** The release whose behaviour the server follows, as the four-letter word `srvr` says it. */
const ZOOKEEPER_RELEASE = '3.9.4';

export function register(syntax: Command, { output }: CommandContext): void {
  syntax
    .description('Prints the version of Zooid, and of the ZooKeeper that it behaves as.')
    .option('--json', JSON_OPTION_HELP)
    .action(({ json }: { readonly json?: true }) => {
      const version = zooidVersion();
      if (json)
        output.json({ zooid: version, zookeeper: ZOOKEEPER_RELEASE, node: process.version });
      else
        output.line(
          `Zooid ${version}, which behaves as Apache ZooKeeper, version ${ZOOKEEPER_RELEASE}`,
        );
    });
}
