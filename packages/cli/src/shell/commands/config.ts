import type { ShellCommand } from '../command.ts';
import { parseProperties } from '../properties.ts';
import { printStat, statJson } from '../stat-text.ts';

export const config: ShellCommand = {
  name: 'config',
  usage: '[-c] [-w] [-s]',
  summary: 'prints the configuration of the ensemble',
  options: {
    s: { help: 'stat, too' },
    w: { help: 'watch it' },
    c: { help: 'only version and addresses for clients' },
  },
  run: async (context, args) => {
    const { zk, shell, print, json, signal } = context;
    const watched = args.has('w') ? await zk.getConfig({ watch: true, signal }) : undefined;
    const node = watched ?? (await zk.getConfig({ signal }));
    if (watched !== undefined) shell.watches.once('data', '/zookeeper/config', watched.changed);
    const text = node.isNull ? 'null' : node.text();
    print(args.has('c') ? clientAddresses(text) : text);
    if (args.has('s')) printStat(context, node.stat);
    json({ config: node.isNull ? null : node.text(), stat: statJson(node.stat) });
  },
};

/** Version, a blank, and the clients' addresses. Source: ConfigUtils.getClientConfigStr. */
function clientAddresses(text: string): string {
  const entries = parseProperties(text);
  const version = entries.get('version') ?? '';
  const addresses: string[] = [];
  for (const [key, value] of entries) {
    if (!key.startsWith('server.')) continue;
    const client = value.split(';')[1];
    if (client !== undefined) addresses.push(client.includes(':') ? client : `0.0.0.0:${client}`);
  }
  return `${version} ${addresses.join(',')}`;
}
