import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CommandContext } from '../command.ts';
import { ExitCode } from '../exit.ts';
import { JSON_OPTION_HELP } from '../output.ts';
import { renderLine } from '../terminal/text-table.ts';
import { addTlsOptions, type TlsArguments } from '../tls-arguments.ts';
import { lookAtServer } from '../top/look-at-server.ts';
import { runTop, type TopOptions } from '../top/run-top.ts';
import { ServerTable, type SortKey, sortKeys } from '../top/top-view.ts';
import { describeHost } from '../words/ask-word.ts';
import { parseHosts } from '../words/parse-hosts.ts';
import { wordTlsOf } from '../words/word-tls.ts';

const HELP = `
Keys: q quit, s or right and left sort by another column, o the other way round, c show connections,
r reset the statistics of the servers (srst), space ask at once.

It asks srvr and mntr, and stat where srvr is not in the 4lw.commands.whitelist of a server; what a server
does not tell is shown as "-". Connections come from cons.

Examples:
  zooid top zk1:2181,zk2:2181,zk3:2181
  zooid top zk1 zk2 zk3 --sort latency --interval 5
  zooid top zk1 zk2 zk3 --once          one table, also in a pipe
  zooid top zk1 zk2 zk3 --json          one document; ends with 1 unless all servers answer
`;

interface Options extends TlsArguments {
  readonly interval: number;
  readonly timeout: number;
  readonly sort: SortKey;
  readonly reverse?: true;
  readonly connections?: true;
  readonly once?: true;
  readonly json?: true;
}

export function register(syntax: Command, context: CommandContext): void {
  syntax
    .description(
      'Shows how servers do, live: role, version, latency, connections, znodes, watches, zxid.',
    )
    .argument('[hosts...]', 'servers, host:port, also with commas (default: localhost:2181)')
    .option('--interval <seconds>', 'how often they are asked', parseSeconds, 2)
    .option('--timeout <seconds>', 'how long a server may take for its answer', parseSeconds, 3)
    .addOption(
      new Option('--sort <column>', 'what they are sorted by').choices(sortKeys).default('server'),
    )
    .option('--reverse', 'sort the other way round')
    .option('-c, --connections', 'show the busiest connections, too')
    .option('--once', 'print the table once and end')
    .option('--json', JSON_OPTION_HELP);
  addTlsOptions(syntax)
    .addHelpText('after', HELP)
    .action(async (hosts: readonly string[], options: Options) => {
      const top: TopOptions = {
        servers: parseHosts(hosts),
        intervalMs: options.interval * 1000,
        timeoutMs: options.timeout * 1000,
        order: { key: options.sort, direction: options.reverse ? 'reversed' : 'default' },
        scope: options.connections ? 'server-and-connections' : 'server',
        tls: wordTlsOf(options, context.parts.environment),
      };
      const terminal = context.parts.liveTerminal();
      if (options.once || options.json || terminal === undefined) {
        await printOnce(top, options, context);
        return;
      }
      const end = new AbortController();
      const forgetSignals = context.parts.listenForSignals(() => end.abort());
      try {
        await runTop(top, terminal, context.output.colors, end.signal);
      } finally {
        forgetSignals();
      }
    });
}

async function printOnce(
  top: TopOptions,
  options: Options,
  { output, end }: CommandContext,
): Promise<void> {
  const table = new ServerTable(top.servers.map(describeHost));
  await Promise.all(
    top.servers.map(async (server) => {
      table.update(describeHost(server), await lookAtServer(server, top), 0);
    }),
  );
  if (options.json) {
    output.json(table.toJson(top.order));
  } else {
    const lines = [...table.lines(top.order)];
    if (options.connections) lines.push([], ...table.connectionLines(Number.POSITIVE_INFINITY));
    for (const line of lines) output.line(renderLine(line, output.colors).trimEnd());
  }
  if (table.answeringCount < top.servers.length) end(ExitCode.failed);
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || seconds < 0.1 || seconds > 3600)
    throw new InvalidArgumentError('It must be a number of seconds, 0.1 to 3600.');
  return seconds;
}
