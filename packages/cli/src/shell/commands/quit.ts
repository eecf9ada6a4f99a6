import type { ShellCommand } from '../command.ts';

export const quit: ShellCommand = {
  name: 'quit',
  usage: '',
  summary: 'ends the session and the shell',
  needsNoSession: true,
  run: async ({ shell, json }) => {
    shell.isOver = true;
    await shell.close();
    json({ state: shell.stateName });
  },
};

export const exit: ShellCommand = { ...quit, name: 'exit' };
