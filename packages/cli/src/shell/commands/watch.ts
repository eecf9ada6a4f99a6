import type { WatchEvent } from '@zooid/client';
import { type Style, span } from '../../terminal/text-table.ts';
import { pathLine } from '../answer-lines.ts';
import type { ShellCommand } from '../command.ts';
import { ShellError } from '../shell-error.ts';
import { assertPath } from '../znode-path.ts';

const styles: Readonly<Record<WatchEvent['type'], Style>> = {
  created: 'good',
  deleted: 'bad',
  'data-changed': 'warning',
  'children-changed': 'warning',
  gap: 'dim',
};

export const watch: ShellCommand = {
  name: 'watch',
  usage: '-f [path]',
  summary: 'prints what changes at and below a path, until Ctrl-C',
  options: { f: { help: 'follow: there is no other way to watch yet' } },
  run: async ({ zk, shell, screen, print, signal, json }, args) => {
    if (!args.has('f')) throw new ShellError(`${watch.name} ${watch.usage}`, { code: 'USAGE' });
    const [path = '/'] = args.operands;
    assertPath(path);
    await using events = zk.watch(path, { recursive: true, signal });
    await events.ready;
    for await (const event of events) {
      const type = event.type.padEnd(13);
      if (screen === undefined) print(`${type} ${event.path}`);
      else screen.show([[span(type, styles[event.type]), span(' '), ...pathLine(event.path)]]);
      if (shell.usesJson) json(event);
    }
  },
};
