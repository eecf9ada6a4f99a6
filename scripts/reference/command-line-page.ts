// docs/reference/command-line.md, from the help of every command.

import type { CommandEntry } from '../../packages/cli/src/command.ts';
import { commandTable } from '../../packages/cli/src/command-table.ts';
import { Output } from '../../packages/cli/src/output.ts';
import type { ProcessParts } from '../../packages/cli/src/process-parts.ts';
import { createProgram, runCommandLine } from '../../packages/cli/src/program.ts';

const INTRODUCTION = `# Command line

<!-- Made by "npm run docs" from the help of packages/cli. Do not edit. -->

\`zooid <command> [arguments]\`; \`zooid help <command>\` and \`zooid <command> --help\` say what stands here.

- **Exit codes**: 0 done, 1 what was asked for could not be done, 2 wrong arguments or configuration. A server has more, which
  are those of Apache's: 3 data directory, 4 admin server, 10 transaction log or snapshot.
- **Streams**: the answer goes to the standard output, complaints, remarks and progress go to the standard error.
- **\`--json\`** prints one JSON document instead, on one line unless a terminal shows it. Numbers that a double does not hold are strings.
- **Colours** appear on a terminal only. \`NO_COLOR=1\` turns them off, \`FORCE_COLOR=1\` on.
- **Hosts** are \`host:port\`, several with commas or blanks between; the port is 2181 unless given, an IPv6 address stands in
  brackets, \`:2182\` is a port of this machine.

## In the place of Apache's scripts

The package has \`zkServer.sh\`, \`zkCli.sh\` and \`zkCleanup.sh\` in its directory \`bin\`. They take the arguments and the environment
that Apache's take, say the same words on the standard output and end with the same codes, so that scripts which call them need not
know the difference. Link to them where the others stood, for example
\`ln -s "$(npm root --global)/zooid/bin/zkServer.sh" /usr/local/bin/\`. \`NODE\` names a Node that is not in the PATH.

| Environment | Is |
| --- | --- |
| \`ZOOCFGDIR\`, \`ZOOCFG\`, \`--config <dir>\` | directory and name of the configuration; without them \`../conf\`, \`../etc/zookeeper\`, \`/etc/zooid\`, \`/etc/zookeeper/conf\`, the first that exists |
| \`zookeeper-env.sh\`, \`java.env\` there | read first |
| \`SERVER_JVMFLAGS\`, \`JVMFLAGS\` | \`-Dkey=value\` in them counts; what is for a JVM (\`-Xmx\`, \`-XX\`) does not |
| \`ZOOPIDFILE\` | the file with the process id; without it \`zookeeper_server.pid\` in dataDir |
| \`ZOO_LOG_DIR\` | the directory of the log; without it \`logs\` in dataDir |
| \`ZOO_DATADIR_AUTOCREATE_DISABLE\` | if set, missing data directories are not made |
| \`JMX...\`, \`ZK_SERVER_HEAP\`, \`JAVA_HOME\` | nothing: there is no Java |

What differs, on purpose:

- \`start\` waits until the server takes clients, not one second, and prints the reason if it ends before. \`stop\` waits until the
  process is gone. \`restart\` therefore sleeps nowhere.
- The log is appended to, not overwritten: it can be rotated with \`copytruncate\`.
- A pid file counts only if its process is a ZooKeeper server, this one or Apache's. What a crash left never keeps a server from
  starting, and no other program is ended by mistake.
- An unknown command ends with 2. A configuration that cannot be read fails every command but \`version\`.
- Nothing is said of JMX.

As a service: [packaging/systemd/zooid.service](../../packaging/systemd/zooid.service). In a container, with the environment of the
official zookeeper image: [packaging/docker](../../packaging/docker/Dockerfile).
`;

/** What a command says of itself, and what each of its own commands does. */
interface CommandHelp {
  readonly entry: CommandEntry;
  /** From the outermost: `zooid log`, `zooid log dump`... */
  readonly texts: readonly string[];
}

function page(helps: readonly CommandHelp[]): string {
  const groups = [...new Set(commandTable.map(({ group }) => group))];
  const parts = groups.map((group) => {
    const sections = helps.filter(({ entry }) => entry.group === group).map(section);
    return `## ${group.replace(/:$/, '')}\n\n${sections.join('\n')}`;
  });
  return `${INTRODUCTION}\n${parts.join('\n')}`;
}

function section({ entry, texts }: CommandHelp): string {
  const blocks = texts.map((text) => `\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`);
  return `### zooid ${entry.name}\n\n${blocks.join('\n')}`;
}

/** What a command line prints. */
async function print(args: readonly string[]): Promise<string> {
  let printed = '';
  await runCommandLine(
    args,
    partsWith((text) => {
      printed += text;
    }),
  );
  return printed;
}

function partsWith(writeOut: (text: string) => void): ProcessParts {
  return {
    writeOut,
    writeError: (text) => {
      throw new Error(text);
    },
    outTerminal: () => undefined,
    errorTerminal: () => undefined,
    liveTerminal: () => undefined,
    environment: {},
    selfCommand: [],
    listenForSignals: () => () => {},
    exitNow: () => {},
  };
}

async function helpOf(entry: CommandEntry): Promise<CommandHelp> {
  const parts = partsWith(() => {});
  const context = { parts, output: new Output(parts), end: () => {} };
  const program = await createProgram(context, ({ name }) => name === entry.name);
  const inner = program.commands.find((command) => command.name() === entry.name)!.commands;
  const lines = [
    [entry.name, '--help'],
    ...inner.map((command) => [entry.name, command.name(), '--help']),
  ];
  return { entry, texts: await Promise.all(lines.map(print)) };
}

// Commands are loaded when they are asked for, so their help has to be awaited; the page itself is ready then.
const helps = await Promise.all(commandTable.map(helpOf));

/** docs/reference/command-line.md. */
export function commandLinePage(): string {
  return page(helps);
}
