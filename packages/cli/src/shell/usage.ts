import type { ShellCommand } from './command.ts';

/** How a command is written, with its options. */
export function usageText({ name, usage, options = {} }: ShellCommand): string {
  const lines = Object.entries(options).map(([option, { help, value }]) => {
    const written = value === undefined ? `-${option}` : `-${option} <${value}>`;
    return `  ${written.padEnd(18)}${help}`;
  });
  return [`${name} ${usage}`.trimEnd(), ...lines].join('\n');
}
