// `zooid server`: read the configuration, start, wait for a signal or a fatal error, stop.

import {
  describeProblem,
  describeWarning,
  loadServerConfig,
  type ParsedConfig,
  parseServerConfig,
  type RunningServer,
  type ServerConfig,
  startServer,
  tryReadTextFile,
} from '@zooid/server';
import type { Command } from 'commander';
import type { CommandContext } from '../command.ts';
import { ExitCode, exitCodeOf } from '../exit.ts';
import type { ProcessParts } from '../process-parts.ts';
import { keepYoungGeneration } from '../young-generation.ts';

/** Read when no file is named, from the working directory. */
const DEFAULT_FILE = 'zoo.cfg';

const HELP = `
The file is a ZooKeeper configuration (zoo.cfg). The shortest one:

  clientPort=2181
  dataDir=/var/lib/zookeeper

Without a file, two to four plain arguments do:

  zooid server <clientPort> <dataDir> [tickTime] [maxClientCnxns]

Examples:
  zooid server conf/zoo.cfg
  zooid server conf/zoo.cfg -Djute.maxbuffer=4194304 -Dzookeeper.snapCount=50000
  zooid server 2181 ./data "-Dzookeeper.4lw.commands.whitelist=*"

Talk to it with any ZooKeeper client:
  zkCli.sh -server localhost:2181
  echo srvr | nc localhost 2181

Ctrl-C or SIGTERM stops it in order. Exit codes: 0 stopped, 1 unexpected error, 2 wrong arguments or
configuration, 3 data directory, 4 admin server, 10 transaction log or snapshot.
Every key: docs/reference/configuration.md
`;

export function register(syntax: Command, { parts, end }: CommandContext): void {
  syntax
    .description(
      'Runs one server in the foreground until it is stopped: alone, or as the member of an ensemble that its configuration names.',
    )
    .argument(
      '[config...]',
      'a zoo.cfg (default: ./zoo.cfg), or <clientPort> <dataDir> [tickTime] [maxClientCnxns]',
    )
    .option(
      '-D <key=value>',
      "set a Java system property that ZooKeeper's server knows; may be repeated",
      (text: string, earlier: readonly Property[] = []) => [...earlier, parseProperty(text)],
    )
    .addHelpText('after', HELP)
    .action(async (config: readonly string[], options: { readonly D?: readonly Property[] }) => {
      if (config.length > 4)
        syntax.error(`error: too many arguments: ${config.length} instead of at most 4`);
      end(await runServer(config, options.D ?? [], parts));
    });
}

/** A system property: name and value. */
export type Property = readonly [name: string, value: string];

/** `key=value` as it stands after `-D`; without `=` the value is empty, as in Java. */
export function parseProperty(text: string): Property {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/**
 * Runs a server until it is told to stop. Answers with the exit code; every reason for it has been written.
 * `args` is nothing, the name of a file, or `clientPort dataDir [tickTime] [maxClientCnxns]`.
 */
export async function runServer(
  args: readonly string[],
  properties: readonly Property[],
  parts: ProcessParts,
): Promise<number> {
  const parsed = readConfig(args, properties);
  for (const warning of parsed.warnings) parts.writeError(`warning: ${describeWarning(warning)}\n`);
  if (!parsed.ok) {
    for (const problem of parsed.problems) parts.writeError(`error: ${describeProblem(problem)}\n`);
    const count = parsed.problems.length;
    parts.writeError(
      `zooid: ${count === 1 ? 'one problem' : `${count} problems`} in the configuration; not started.\n`,
    );
    return ExitCode.badInvocation;
  }
  return serve(parsed.config, parts);
}

function readConfig(args: readonly string[], properties: readonly Property[]): ParsedConfig {
  const [first, second, tickTime, maxClientCnxns] = args;
  if (first === undefined || second === undefined) {
    return loadServerConfig(first ?? DEFAULT_FILE, properties);
  }
  return parseServerConfig({
    arguments: { clientPort: first, dataDir: second, tickTime, maxClientCnxns },
    properties,
    readTextFile: tryReadTextFile,
  });
}

async function serve(config: ServerConfig, parts: ProcessParts): Promise<number> {
  let stop = () => {};
  const asked = new Promise<void>((resolve) => {
    stop = resolve;
  });
  let signalCount = 0;
  // From the beginning: a signal while data is being recovered stops as soon as that is done.
  const forgetSignals = parts.listenForSignals((name) => {
    signalCount++;
    if (signalCount === 1) {
      stop();
    } else {
      parts.writeError(`zooid: ${name} again: stopping at once.\n`);
      parts.exitNow(ExitCode.failed);
    }
  });
  try {
    const server = await (parts.startServer ?? startServerProcess)(config);
    if (signalCount === 0) parts.onServing?.(server);
    // `closed` ends early only for a fatal error, or if somebody else closed the server.
    await Promise.race([asked, server.closed]);
    await server.close();
    await server.closed;
    return ExitCode.finished;
  } catch (error) {
    return complainOfPort(error, config, parts) ?? complain(error, parts);
  } finally {
    forgetSignals();
  }
}

async function startServerProcess(config: ServerConfig): Promise<RunningServer> {
  const server = await startServer(config);
  keepYoungGeneration();
  return server;
}

function complain(error: unknown, parts: ProcessParts): number {
  const message = error instanceof Error ? error.message : String(error);
  parts.writeError(`zooid: ${message}\n`);
  return exitCodeOf(error);
}

/** What the system says of a port, in words that name the remedy; undefined if it is about something else. */
function complainOfPort(
  error: unknown,
  config: ServerConfig,
  parts: ProcessParts,
): number | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('port' in error)) return undefined;
  const reason = portReasons.get(String(error.code));
  if (reason === undefined) return undefined;
  const { client } = config.network;
  const { admin } = config;
  const isAdmin = admin.isOn && error.port === admin.listen.port && error.port !== client.port;
  const remedy = isAdmin
    ? 'choose another with admin.serverPort, or set admin.enableServer=false'
    : error.port === client.port
      ? 'stop what uses it, or choose another with clientPort'
      : 'choose another with metricsProvider.httpPort';
  parts.writeError(`zooid: port ${error.port} ${reason}: ${remedy}.\n`);
  return isAdmin ? ExitCode.adminServer : ExitCode.failed;
}

const portReasons: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'is in use'],
  ['EACCES', 'may not be used by this user'],
  ['EADDRNOTAVAIL', 'has an address that this machine does not have'],
]);
