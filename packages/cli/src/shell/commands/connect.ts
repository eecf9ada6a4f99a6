import { ConnectStringError } from '@zooid/client';
import type { ShellCommand } from '../command.ts';
import { ShellError } from '../shell-error.ts';

export const connect: ShellCommand = {
  name: 'connect',
  usage: 'host:port',
  summary: 'ends the session and begins another, with the same servers or with others',
  needsNoSession: true,
  run: async ({ shell, json, signal }, { operands: [hosts = shell.hosts] }) => {
    try {
      await shell.connect(hosts, signal);
      json({ hosts, state: shell.stateName });
    } catch (error) {
      if (error instanceof ConnectStringError) throw new ShellError(error.message);
      throw error;
    }
  },
};
