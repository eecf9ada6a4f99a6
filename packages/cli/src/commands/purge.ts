// `zooid purge`: what zkCleanup.sh does.

import { KEPT_SNAPSHOTS_MIN } from '@zooid/server/files';
import type { Command } from 'commander';
import type { CommandContext } from '../command.ts';
import { parseCount } from '../files/arguments.ts';
import { purgeFiles } from '../files/purge-files.ts';
import { JSON_OPTION_HELP } from '../output.ts';

const HELP = `
Kept are the newest N snapshots that are whole, and every log that a start from one of them can need. A server may run
meanwhile. autopurge.purgeInterval in zoo.cfg has a server do it by itself.

Examples:
  zooid purge /var/lib/zookeeper -n 3
  zooid purge /var/log/zookeeper /var/lib/zookeeper -n 5 --dry-run

Exit codes: 0 done, 1 something could not be removed, 2 wrong arguments.
`;

interface PurgeOptions {
  readonly count: number;
  readonly dryRun?: true;
  readonly json?: true;
}

export function register(syntax: Command, context: CommandContext): void {
  syntax
    .argument('<dataLogDir>', 'where the logs are: dataDir, if there is no dataLogDir')
    .argument('[dataDir]', 'where the snapshots are, if elsewhere')
    .requiredOption('-n, --count <count>', 'snapshots to keep, at least 3', parseCount)
    .option('--dry-run', 'only say what would be removed')
    .option('--json', JSON_OPTION_HELP)
    .addHelpText('after', HELP)
    .action(async (dataLogDir: string, dataDir: string | undefined, options: PurgeOptions) => {
      if (options.count < KEPT_SNAPSHOTS_MIN)
        syntax.error(`error: count should be greater than or equal to ${KEPT_SNAPSHOTS_MIN}`);
      const exitCode = await purgeFiles(
        dataLogDir,
        dataDir ?? dataLogDir,
        {
          keptSnapshots: options.count,
          action: options.dryRun === true ? 'list' : 'remove',
          form: options.json === true ? 'json' : 'text',
        },
        context,
      );
      context.end(exitCode);
    });
}
