import type { ShellCommand } from '../command.ts';

export const whoAmI: ShellCommand = {
  name: 'whoami',
  usage: '',
  summary: 'prints who the server believes this session to be',
  run: async ({ zk, print, json, signal }) => {
    const identities = await zk.whoAmI({ signal });
    print('Auth scheme: User');
    for (const { authScheme, user } of identities) print(`${authScheme}: ${user}`);
    json(identities);
  },
};
