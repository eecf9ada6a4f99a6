import type { ShellCommand } from '../command.ts';

export const addAuth: ShellCommand = {
  name: 'addauth',
  usage: 'scheme auth',
  summary: 'shows credentials, such as digest user:password',
  operandsMin: 1,
  isSecret: true,
  run: async ({ zk, json, signal }, { operands: [scheme = '', auth = ''] }) => {
    await zk.addAuth(scheme, auth, { signal });
    json({ scheme });
  },
};
