import type { ShellCommand } from '../command.ts';

/** Source: ZooKeeperMain, which prints the last eleven. */
const SHOWN = 11;

export const history: ShellCommand = {
  name: 'history',
  usage: '',
  summary: 'prints the last lines with their numbers, for redo',
  needsNoSession: true,
  run: ({ shell, print, json }) => {
    const first = Math.max(0, shell.history.length - SHOWN);
    const lines = shell.history.slice(first);
    lines.forEach((line, index) => {
      print(`${first + index} - ${line}`);
    });
    json(lines.map((line, index) => ({ number: first + index, line })));
  },
};
