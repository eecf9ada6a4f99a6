import type { ShellCommand } from '../command.ts';

export const printWatches: ShellCommand = {
  name: 'printwatches',
  usage: 'on|off',
  summary: 'says whether events of watches are printed, or changes that',
  needsNoSession: true,
  run: ({ shell, print, json }, { operands: [wanted] }) => {
    if (wanted !== undefined) shell.printsWatches = wanted === 'on';
    else print(`printwatches is ${shell.printsWatches ? 'on' : 'off'}`);
    json({ printwatches: shell.printsWatches });
  },
};
