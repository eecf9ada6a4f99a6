// docs/reference/configuration.md, from the table of keys.

import type { ConfigKey } from '../../packages/server/src/config/config-key.ts';
import { configSections, propertiesOf } from '../../packages/server/src/config/config-keys.ts';

const INTRODUCTION = `# Configuration

<!-- Made by "npm run docs" from packages/server/src/config/keys. Do not edit. -->

A server is configured by a ZooKeeper configuration file and by system properties:

\`\`\`sh
zooid server zoo.cfg -Djute.maxbuffer=4194304 -Dzookeeper.snapCount=50000
\`\`\`

The file has the format of Java's properties files: \`key=value\` (a colon or white space separates, too), \`#\` and
\`!\` begin comments, a backslash at the end continues a line, \`\\\\\` stands for a backslash and \`\\uXXXX\` for any
character. Bytes outside of ASCII are read as ISO-8859-1, as Java does. Of two lines with the same key the last counts,
with a warning.

As with Apache's server, a key is read in one of three places:

- **file**: in zoo.cfg only;
- **both**: in zoo.cfg, or as the argument \`-Dzookeeper.<key>=...\`; the file wins;
- **-D**: as the argument \`-D<key>=...\` only, without the prefix.

What becomes of it:

- **honoured**: the server does what it says.
- **ensemble**: a member of an ensemble does what it says. A single server does nothing with it; nor does Apache's.
- **accepted**: it has no effect, and the server says so once, with what stands in its place.
- **refused**: the server does not start, for it would promise what it cannot keep. Values that ask for nothing
  (\`false\`, a built-in class) are taken in silence.

A server is a member of an ensemble if its configuration has two \`server.N\` lines or more that are no observers, or one and
\`standaloneEnabled=false\`; otherwise it is standalone. Which of the servers it is says the file \`myid\` in dataDir.

A key that is not in these tables becomes the property \`zookeeper.<key>\`, as in Apache, and the server suggests the key
that was probably meant. All problems are reported at once, each with its line and its remedy; then the exit code is 2.

Defaults are those of Apache ZooKeeper 3.8 and 3.9; where versions differ, the table says so. Values of keys marked
*secret* are never printed: messages, logs and the admin server show \`***\`.

Instead of a file, plain arguments do: \`zooid server <clientPort> <dataDir> [tickTime] [maxClientCnxns]\`. Without the
last one there is no limit of connections from one address, other than with a file.
`;

/** The whole page. */
export function configurationPage(): string {
  const sections = [...configSections].map(([title, keys]) => section(title, keys));
  return `${[INTRODUCTION, ...sections].join('\n')}`;
}

function section(title: string, keys: readonly ConfigKey[]): string {
  const head = `## ${title}\n\n| Key | Where | Default | What becomes of it | Meaning |\n| --- | --- | --- | --- | --- |\n`;
  return `${head}${keys.map(row).join('\n')}\n`;
}

const places = { file: 'file', both: 'both', property: '-D' } as const;

function row(key: ConfigKey): string {
  return `| \`${cell(key.name)}\` | ${places[key.form]} | ${defaultOf(key)} | ${key.fate} | ${cell(meaningOf(key))} |`;
}

function defaultOf(key: ConfigKey): string {
  const text =
    key.default === undefined ? '' : key.default === '' ? 'nothing' : `\`${cell(key.default)}\``;
  return key.defaultNote === undefined ? text : `${text} (${cell(key.defaultNote)})`;
}

function meaningOf(key: ConfigKey): string {
  const parts = [key.meaning];
  if (key.fate === 'accepted') parts.push(key.instead);
  if (key.fate === 'refused') parts.push(`It ${key.reason}. ${key.remedy}`);
  if (key.fate === 'ensemble' && key.refusal !== undefined)
    parts.push(`A member does not start with it: it ${key.refusal.reason}. ${key.refusal.remedy}`);
  const aliases = propertiesOf(key).filter(
    (name) => name !== key.name && name !== `zookeeper.${key.name}`,
  );
  const others = key.form === 'both' ? key.aliases : aliases;
  if (others !== undefined && others.length > 0) {
    parts.push(`Also ${others.map((name) => `\`-D${name}\``).join(', ')}.`);
  }
  if (key.isSecret === true) parts.push('*Secret.*');
  return parts.join(' ');
}

/** A pipe would end the cell; an angle bracket would begin a tag. */
function cell(text: string): string {
  return text
    .split('`')
    .map((part, index) => (index % 2 === 0 ? part.replaceAll('<', '&lt;') : part))
    .join('`')
    .replaceAll('|', '\\|');
}
