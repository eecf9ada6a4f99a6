import type { ShellCommand } from '../command.ts';

export const quit: ShellCommand = {
  name: 'quit',
  usage: '',
  summary: 'ends the session and the shell',
  needsNoSession: true,
  run: async ({ shell }) => {
    shell.isOver = true;
    await shell.close();
  },
};

export const exit: ShellCommand = { ...quit, name: 'exit' };
