import { factLines } from '../../terminal/fact-lines.ts';
import type { ShellCommand } from '../command.ts';

/** Source: ZooKeeperMain, which prints the last eleven. */
const SHOWN = 11;

export const history: ShellCommand = {
  name: 'history',
  usage: '',
  summary: 'prints the last lines with their numbers, for redo',
  needsNoSession: true,
  run: ({ shell, screen, print, json }) => {
    const first = Math.max(0, shell.history.length - SHOWN);
    const lines = shell.history.slice(first);
    if (screen !== undefined)
      screen.show(factLines(lines.map((line, at) => [`${first + at}`, line])));
    else lines.forEach((line, at) => void print(`${first + at} - ${line}`));
    json(lines.map((line, index) => ({ number: first + index, line })));
  },
};
