import type { ShellCommand } from '../command.ts';
import { ShellError } from '../shell-error.ts';
import { assertPath } from '../znode-path.ts';

export const watch: ShellCommand = {
  name: 'watch',
  usage: '-f [path]',
  summary: 'prints what changes at and below a path, until Ctrl-C',
  options: { f: { help: 'follow: there is no other way to watch yet' } },
  run: async ({ zk, shell, print, signal, json }, args) => {
    if (!args.has('f')) throw new ShellError(`${watch.name} ${watch.usage}`);
    const [path = '/'] = args.operands;
    assertPath(path);
    await using events = zk.watch(path, { recursive: true, signal });
    await events.ready;
    for await (const event of events) {
      print(`${event.type.padEnd(13)} ${event.path}`);
      if (shell.usesJson) json(event);
    }
  },
};
