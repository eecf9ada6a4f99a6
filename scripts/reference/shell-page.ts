// docs/reference/shell.md, from the usage of every command of the shell.

import { shellCommands } from '../../packages/cli/src/shell/command-list.ts';
import { usageText } from '../../packages/cli/src/shell/usage.ts';

const INTRODUCTION = `# Commands of the shell

<!-- Made by "npm run docs" from packages/cli/src/shell. Do not edit. -->

What stands here, \`help\` and \`help <command>\` say in \`zooid shell\`, too. How it is used from scripts, its exit codes and \`--json\`:
[scripting](../guides/scripting.md). Options stand anywhere in the line, also joined (\`ls -sw /\`); \`--\` ends them. A word in quotes may hold blanks.

Commands that Apache's shell does not have are marked.
`;

/** Of Apache's shell 3.9. Source: ZooKeeperMain, CommandFactory. */
const apacheNames: ReadonlySet<string> = new Set(
  `addWatch addauth close config connect create delete deleteall delquota get getAcl getAllChildrenNumber getEphemerals
  history listquota ls printwatches quit reconfig redo removewatches set setAcl setquota stat sync version whoami`.split(
    /\s+/,
  ),
);

/** The whole page. */
export function shellPage(): string {
  const parts = shellCommands.map((command) => {
    const mark = apacheNames.has(command.name) ? '' : " Not in Apache's shell.";
    const summary = command.summary[0]!.toUpperCase() + command.summary.slice(1);
    return `## ${command.name}\n\n${summary}.${mark}\n\n\`\`\`text\n${usageText(command)}\n\`\`\`\n`;
  });
  return `${[INTRODUCTION, ...parts].join('\n')}`;
}
