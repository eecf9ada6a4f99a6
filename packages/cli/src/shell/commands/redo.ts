import type { ShellCommand } from '../command.ts';
import { ShellError } from '../shell-error.ts';

/** The shell runs the line itself: what it needs stands here, and a redo that gets as far as `run` has nothing to redo. */
export const redo: ShellCommand = {
  name: 'redo',
  usage: 'cmdno',
  summary: 'runs the line with this number again',
  needsNoSession: true,
  operandsMin: 1,
  run: () => {
    throw new ShellError('No redoing redos');
  },
};

/** The line of a number; `count` lines are before this one. @throws ShellError when there is none. */
export function lineToRedo(history: readonly string[], number: string): string {
  const line = /^\d+$/.test(number) ? history[Number(number)] : undefined;
  if (line === undefined) throw new ShellError('Command index out of range');
  return line;
}
