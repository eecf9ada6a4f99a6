import type { Command } from 'commander';
import type { CommandContext } from '../command.ts';
import { ExitCode } from '../exit.ts';

// `zkServer.sh upgrade` brought data directories of ZooKeeper 2 to version 3; Apache removed it with 3.5.

export function register(syntax: Command, { output, end }: CommandContext): void {
  syntax
    .description('Says what stands in the place of an upgrade of the data.')
    .argument('[arguments...]', 'not read')
    .action(() => {
      output.note(
        [
          'There is nothing to upgrade: zooid reads the data directories of ZooKeeper 3.4 and later as they are, and',
          'writes the same format. Stop the old server, then: zooid start zoo.cfg',
          'To look at a data directory first: zooid doctor DATADIR',
        ].join('\n'),
      );
      end(ExitCode.failed);
    });
}
