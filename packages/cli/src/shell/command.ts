// What a command of the shell is. Each is a file of its own in src/shell/commands.

import type { ZooKeeper } from '@zooid/client';
import type { Keyboard, Screen } from '../terminal/screen.ts';
import type { Arguments, OptionSpecs } from './arguments.ts';
import type { StartProgress } from './progress.ts';
import type { ShellState } from './shell-state.ts';

/** What a command gets. */
export interface ShellContext {
  /** The session; its methods reject when it has ended. */
  readonly zk: ZooKeeper;
  /** The shell around it: watches, history, connecting. */
  readonly shell: ShellState;
  /** Fires when the user cancels the command. Every call to the server takes it. */
  readonly signal: AbortSignal;
  /** All commands. */
  readonly commands: readonly ShellCommand[];
  /** Prints text of the answer, with a line end; not with `--json`. */
  readonly print: (text: string) => void;
  /** Where a person reads the answer, for tables and colours; undefined in a pipe and with `--json`. */
  readonly screen: Screen | undefined;
  /** The person's keyboard; undefined when nobody sits there. */
  readonly keyboard: Keyboard | undefined;
  /** Tells how far long work has come, where somebody sees it. */
  readonly progress: StartProgress;
  /** Prints a remark on the standard error. */
  readonly note: (text: string) => void;
  /** The answer as one JSON value; only printed with `--json`. Every command gives one, also when there is nothing to tell. */
  readonly json: (value: unknown) => void;
}

/** A command. */
export interface ShellCommand {
  readonly name: string;
  /** What comes after the name. */
  readonly usage: string;
  /** What it does, in a phrase. */
  readonly summary: string;
  readonly options?: OptionSpecs;
  /** Operands that it needs at least; 0 unless given. Fewer print the usage. */
  readonly operandsMin?: number;
  /** True: runs without a session, too. */
  readonly needsNoSession?: true;
  /** True: its line is kept in no file. */
  readonly isSecret?: true;
  /** @throws ShellError or an error of the client, which the shell prints. */
  readonly run: (context: ShellContext, args: Arguments) => Promise<void> | void;
}
