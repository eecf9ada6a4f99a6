import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { CommandContext } from '../command.ts';
import { roleOf } from '../ensemble/ensemble-view.ts';
import { connectStringOf, layOut, type MemberPlace } from '../ensemble/layout.ts';
import { LiveEnsemble } from '../ensemble/live-ensemble.ts';
import { LocalEnsemble } from '../ensemble/local-ensemble.ts';
import { CommandError } from '../exit.ts';
import type { LiveTerminal } from '../terminal/live-screen.ts';
import { type Line, span } from '../terminal/text-table.ts';

const HELP = `
For trying things and for demonstrations: all members are on this machine.
`;

const START_HELP = `
On a terminal it shows the members live. Keys: up and down or 1-9 choose a member, k kills it as a power failure would, s
stops it in order, r starts it again, q ends all.

In a pipe it prints a line when a member gets another role, and runs until Ctrl-C or SIGTERM.

Each member is a process with a directory of its own: zoo.cfg, data, log. Without --dir they are temporary, and
removed at the end. With --dir the next start finds the data again.

Examples:
  zooid ensemble start
  zooid ensemble start --servers 5 --client-port 2181    clients at 2181 to 2185
  zooid ensemble start --dir ./ensemble                  keeps its data

Exit codes: 0 ended as asked, 1 a member could not be started, 2 wrong arguments.
`;

interface Options {
  readonly servers: number;
  readonly dir?: string;
  readonly clientPort?: number;
}

export function register(syntax: Command, context: CommandContext): void {
  syntax.addHelpText('after', HELP);
  syntax
    .command('start')
    .summary('run an ensemble and show it, until it is ended')
    .description('Runs an ensemble on this machine and shows it, until it is ended.')
    .option('--servers <count>', 'members, 1 to 9; odd numbers are best', parseServers, 3)
    .option('--dir <directory>', 'where its files are (default: a temporary directory)')
    .option('--client-port <port>', 'of the first member; the others follow', parsePort)
    .addHelpText('after', START_HELP)
    .action((options: Options) => runEnsemble(options, context));
}

async function runEnsemble(options: Options, context: CommandContext): Promise<void> {
  const { dir, servers, clientPort } = options;
  const directory =
    dir === undefined ? mkdtempSync(join(tmpdir(), 'zooid-ensemble-')) : resolve(dir);
  const end = new AbortController();
  const forgetSignals = context.parts.listenForSignals(() => end.abort());
  try {
    const places = await layOut(directory, servers, clientPort);
    const terminal = context.parts.liveTerminal();
    if (terminal === undefined) await runInLines(places, context, end);
    else await runLive(places, context, terminal, headline(directory, places), end);
  } finally {
    forgetSignals();
    if (dir === undefined) rmSync(directory, { recursive: true, force: true });
  }
  // A terminal that has gone cannot be given back, which Node aborts for: ends as it would have without us.
  if (end.signal.reason === WINDOW_CLOSED) process.kill(process.pid, 'SIGHUP');
}

/** Why a live view ends that nobody sees any more. */
const WINDOW_CLOSED = 'the window was closed';

async function runLive(
  places: readonly MemberPlace[],
  { output, parts }: CommandContext,
  terminal: LiveTerminal,
  above: readonly Line[],
  end: AbortController,
): Promise<void> {
  let live: LiveEnsemble | undefined;
  const onHangUp = () => end.abort(WINDOW_CLOSED);
  const isSeen = () => end.signal.reason !== WINDOW_CLOSED;
  process.once('SIGHUP', onHangUp);
  const ensemble = new LocalEnsemble(places, parts.selfCommand, () => {
    if (isSeen()) live?.draw();
  });
  live = new LiveEnsemble(ensemble, terminal, output.colors, above);
  try {
    ensemble.start();
    await live.run(end.signal);
  } finally {
    // Nobody sees it then, and a write would fail; but no server may stay behind.
    if (isSeen()) {
      live.close();
      output.note(`Stopping ${places.length} servers ...`);
    }
    live = undefined;
    await ensemble.close();
    process.off('SIGHUP', onHangUp);
  }
}

function headline(directory: string, places: readonly MemberPlace[]): readonly Line[] {
  return [
    [span('zooid ensemble', 'bold'), span(`  ${places.length} servers in ${directory}`)],
    [span('from another terminal: ', 'dim'), span(`zooid shell ${connectStringOf(places)}`)],
    [],
  ];
}

/** Tells of roles, one line each. A member that ends by itself ends all. */
async function runInLines(
  places: readonly MemberPlace[],
  { output, parts }: CommandContext,
  end: AbortController,
): Promise<void> {
  const told = new Map<number, string>();
  let wasServing = false;
  let failure: CommandError | undefined;
  const onChange = () => {
    for (const row of ensemble.rows) {
      const { place, state } = row;
      if (state.kind === 'failed') {
        failure ??= new CommandError(`member ${place.id} ${state.reason}`);
        end.abort();
      }
      const role = roleOf(row);
      if (role === undefined || told.get(place.id) === role) continue;
      told.set(place.id, role);
      output.line(`${place.id} 127.0.0.1:${place.clientPort} ${role}`);
    }
    if (ensemble.hasQuorum && !wasServing) output.line(`serves ${connectStringOf(places)}`);
    wasServing = ensemble.hasQuorum;
  };
  const ensemble = new LocalEnsemble(places, parts.selfCommand, onChange);
  try {
    ensemble.start();
    await aborted(end.signal);
  } finally {
    await ensemble.close();
  }
  if (failure !== undefined) throw failure;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}

function parseServers(text: string): number {
  if (!/^[1-9]$/.test(text)) throw new InvalidArgumentError('It must be a number, 1 to 9.');
  return Number(text);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535 - 9)
    throw new InvalidArgumentError('It must be a port.');
  return port;
}
