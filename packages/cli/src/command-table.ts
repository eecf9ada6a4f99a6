// Every command of `zooid`, in the order of the help. Nothing is loaded here but what was asked for.

import type { CommandEntry } from './command.ts';

/** A new command is one more entry, and a module in src/commands. */
export const commandTable: readonly CommandEntry[] = [
  {
    name: 'server',
    group: 'Run a server:',
    summary: 'run one standalone server in the foreground until it is stopped',
    load: () => import('./commands/server.ts'),
  },
];
