// What a command is. Each is a module of its own in src/commands, loaded only when it runs.

import type { Command } from 'commander';
import type { Output } from './output.ts';
import type { ProcessParts } from './process-parts.ts';

/** What a command gets. */
export interface CommandContext {
  /** Where its answer goes. */
  readonly output: Output;
  /** The process around it: streams, environment, signals. */
  readonly parts: ProcessParts;
  /** Says with which code the process will end. Without a call it is 0. */
  readonly end: (exitCode: number) => void;
}

/**
 * What a module in src/commands exports.
 *
 * `register` gives a command its arguments, options, help and action. An action that cannot do what it was asked throws
 * a CommandError, or calls `end` when it has said why itself.
 */
export interface CommandModule {
  readonly register: (syntax: Command, context: CommandContext) => void;
}

/** A line of the table of commands. */
export interface CommandEntry {
  readonly name: string;
  /** Heading in the help that it stands under. */
  readonly group: CommandGroup;
  /** A phrase for the list in the help. */
  readonly summary: string;
  /** True: known, but not in the list of the help. */
  readonly isHidden?: true;
  readonly load: () => Promise<CommandModule>;
}

export type CommandGroup =
  | 'Run a server:'
  | 'Talk to servers:'
  | 'Look inside of files:'
  | 'Other:';
