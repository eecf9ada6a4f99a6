import type { ShellCommand } from '../command.ts';

export const close: ShellCommand = {
  name: 'close',
  usage: '',
  summary: 'ends the session',
  run: ({ shell }) => shell.close(),
};
