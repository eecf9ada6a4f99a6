import { span } from '../../terminal/text-table.ts';
import type { ShellCommand } from '../command.ts';
import { ShellError } from '../shell-error.ts';
import { usageText } from '../usage.ts';

export const help: ShellCommand = {
  name: 'help',
  usage: '[command]',
  summary: 'lists the commands, or explains one',
  needsNoSession: true,
  run: ({ commands, screen, print, json }, { operands: [name] }) => {
    if (name === undefined) {
      if (screen !== undefined)
        screen.show(commands.map((one) => [span(one.name.padEnd(22), 'bold'), span(one.summary)]));
      else for (const command of commands) print(`${command.name.padEnd(22)}${command.summary}`);
      json(commands.map(({ name, usage, summary }) => ({ name, usage, summary })));
      return;
    }
    const command = commands.find((one) => one.name === name);
    if (command === undefined) throw new ShellError(`There is no command ${name}`);
    print(`${usageText(command)}\n${command.summary}`);
    json({ name: command.name, usage: command.usage, summary: command.summary });
  },
};
