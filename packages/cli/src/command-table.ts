// Every command of `zooid`, in the order of the help. Nothing is loaded here but what was asked for.

import type { CommandEntry } from './command.ts';

/** A new command is one more entry, and a module in src/commands. */
export const commandTable: readonly CommandEntry[] = [
  {
    name: 'server',
    group: 'Run a server:',
    summary: 'run one server in the foreground until it is stopped',
    load: () => import('./commands/server.ts'),
  },
  {
    name: 'start',
    group: 'Run a server:',
    summary: 'start a server in the background',
    load: () => import('./commands/start.ts'),
  },
  {
    name: 'stop',
    group: 'Run a server:',
    summary: 'stop it',
    load: () => import('./commands/stop.ts'),
  },
  {
    name: 'restart',
    group: 'Run a server:',
    summary: 'stop it and start it again',
    load: () => import('./commands/restart.ts'),
  },
  {
    name: 'status',
    group: 'Run a server:',
    summary: 'say whether it serves, and its mode',
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'print-cmd',
    group: 'Run a server:',
    summary: 'print the command that start would run',
    load: () => import('./commands/print-cmd.ts'),
  },
  {
    name: 'ensemble',
    group: 'Run a server:',
    summary: 'run an ensemble on this machine and show it, to try things',
    load: () => import('./commands/ensemble.ts'),
  },
  {
    name: 'start-foreground',
    group: 'Run a server:',
    summary: 'like server, as zkServer.sh calls it',
    isHidden: true,
    load: () => import('./commands/start-foreground.ts'),
  },
  {
    name: 'upgrade',
    group: 'Run a server:',
    summary: 'what stands in the place of an upgrade',
    isHidden: true,
    load: () => import('./commands/upgrade.ts'),
  },
  {
    name: 'shell',
    group: 'Talk to servers:',
    summary: 'read and change the tree, with every command of zkCli.sh',
    load: () => import('./commands/shell.ts'),
  },
  {
    name: 'top',
    group: 'Talk to servers:',
    summary: 'show how servers do, live',
    load: () => import('./commands/top.ts'),
  },
  {
    name: '4lw',
    group: 'Talk to servers:',
    summary: 'send a four-letter word to servers and print their answers',
    load: () => import('./commands/four-letter-word.ts'),
  },
  {
    name: 'bench',
    group: 'Talk to servers:',
    summary: 'measure how many requests servers answer, and how fast',
    load: () => import('./commands/bench.ts'),
  },
  {
    name: 'log',
    group: 'Look inside of files:',
    summary: 'print, check and repair transaction logs',
    load: () => import('./commands/log.ts'),
  },
  {
    name: 'snapshot',
    group: 'Look inside of files:',
    summary: 'print, check and compare snapshots',
    load: () => import('./commands/snapshot.ts'),
  },
  {
    name: 'purge',
    group: 'Look inside of files:',
    summary: 'remove snapshots and logs that no restart can need',
    load: () => import('./commands/purge.ts'),
  },
  {
    name: 'doctor',
    group: 'Look inside of files:',
    summary: 'say what is wrong with a data directory or with servers',
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'version',
    group: 'Other:',
    summary: 'print the versions of Zooid and of what it is compatible with',
    load: () => import('./commands/version.ts'),
  },
];
