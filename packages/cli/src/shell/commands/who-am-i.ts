import { type Column, span, textTable } from '../../terminal/text-table.ts';
import type { ShellCommand } from '../command.ts';

const columns: readonly Column[] = [
  { title: 'SCHEME', align: 'left' },
  { title: 'USER', align: 'left' },
];

export const whoAmI: ShellCommand = {
  name: 'whoami',
  usage: '',
  summary: 'prints who the server believes this session to be',
  run: async ({ zk, screen, print, json, signal }) => {
    const identities = await zk.whoAmI({ signal });
    if (screen !== undefined) {
      const rows = identities.map(({ authScheme, user }) => [span(authScheme), span(user)]);
      screen.show(textTable(columns, rows));
    } else {
      print('Auth scheme: User');
      for (const { authScheme, user } of identities) print(`${authScheme}: ${user}`);
    }
    json(identities);
  },
};
