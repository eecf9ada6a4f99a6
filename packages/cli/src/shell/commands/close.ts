import type { ShellCommand } from '../command.ts';

export const close: ShellCommand = {
  name: 'close',
  usage: '',
  summary: 'ends the session',
  run: async ({ shell, json }) => {
    await shell.close();
    json({ state: shell.stateName });
  },
};
