import { createInterface } from 'node:readline';
import { ConnectStringError, ZooKeeperError } from '@zooid/client';
import type { Command } from 'commander';
import type { CommandContext } from '../command.ts';
import { CommandError, ExitCode } from '../exit.ts';
import type { ProcessParts } from '../process-parts.ts';
import { connectOptions } from '../shell/connect-options.ts';
import { type Invocation, readInvocation } from '../shell/invocation.ts';
import { progressOn } from '../shell/progress.ts';
import { runLine, runWords } from '../shell/run-line.ts';
import { ShellState, type ShellStreams } from '../shell/shell-state.ts';
import { printable } from '../terminal/printable.ts';
import { createScreen, type Keyboard } from '../terminal/screen.ts';

const HELP = `
Options, before the command:
  -server <hosts>                servers, as zkCli.sh takes them
  -timeout <ms>                  session timeout (30000)
  -r                             a read-only server will do
  -waitforconnection             wait for the session as long as its timeout, not just 5 seconds
  -client-configuration <file>   Java properties: zookeeper.client.secure, zookeeper.ssl.keyStore.location ...
  --ca, --cert, --key <file>     TLS: whom to trust, and who we are, as PEM
  --auth <scheme:auth>           credentials, such as digest:user:password
  --json                         answers as JSON, for scripts

Without a command it takes lines: from the terminal with a prompt, or from a pipe.
"help" in the shell lists its commands. CLIENT_JVMFLAGS=-Dkey=value stands for the file.

Examples:
  zooid shell                              a shell on the server of this machine
  zooid shell zk1:2181,zk2:2181/app ls /   one command
  zooid shell zk1 --json get -s /config
  zkCli.sh -server zk1:2181 ls /           the same as Apache's script of this name

Ends with 0, with 1 if the last command failed, with 127 if there is no such command, with 2 for wrong options.
What scripts may rely on: docs/guides/scripting.md. Every command: docs/reference/shell.md
`;

export function register(syntax: Command, context: CommandContext): void {
  syntax
    .description('Talks to servers: every command of zkCli.sh, one by one or from a script.')
    .usage('[options] [hosts] [command...]')
    .argument('[words...]', 'servers, host:port,... (default: localhost:2181), and a command')
    .allowUnknownOption()
    .addHelpText('after', HELP)
    .action(async (words: readonly string[]) => {
      context.end(await runShell(readInvocation(words), context));
    });
}

async function runShell(invocation: Invocation, context: CommandContext): Promise<number> {
  const { output, parts } = context;
  const { hosts, words } = invocation;
  // Data comes from elsewhere and must not steer a terminal; in a pipe it stays as it is.
  const isShown = parts.outTerminal() !== undefined;
  const streams: ShellStreams = {
    out: (text) => parts.writeOut(isShown ? printable(text) : text),
    error: parts.writeError,
    screen: isShown
      ? createScreen(parts.writeOut, () => parts.outTerminal()?.columns ?? 80, output.colors)
      : undefined,
    keyboard: words === undefined ? undefined : keyboardOf(parts),
    progress: progressOn(parts),
  };
  const isInteractive = words === undefined && parts.liveTerminal() !== undefined;
  if (isInteractive) {
    const { runInteractive } = await import('../shell/interactive.ts');
    return runInteractive(invocation, connectOptions(invocation, parts.environment), parts);
  }
  const shell = new ShellState(hosts, connectOptions(invocation, parts.environment), streams, {
    usesJson: invocation.usesJson,
    printsWatches: invocation.printsConnection,
  });
  if (invocation.printsConnection) streams.out(`Connecting to ${hosts}\n`);
  const end = new AbortController();
  const forgetSignals = parts.listenForSignals(() => end.abort());
  try {
    await shell.connect(hosts, end.signal);
    if (words !== undefined) {
      await runWords(shell, streams, words, end.signal, 'script');
      return shell.exitCode;
    }
    if (invocation.printsConnection) streams.out('Welcome to ZooKeeper!\n');
    shell.printsWatches = !invocation.usesJson;
    await runLines(shell, streams, end.signal);
    return shell.exitCode;
  } catch (error) {
    const failure = connectFailure(error, hosts);
    if (!invocation.usesJson || !(failure instanceof CommandError)) throw failure;
    const code = ZooKeeperError.is(error) ? error.code : 'FAILED';
    parts.writeError(`${JSON.stringify({ error: code, message: failure.message })}\n`);
    return failure.exitCode;
  } finally {
    forgetSignals();
    shell.printsWatches = false;
    await shell.close();
  }
}

/** A keyboard that nobody else reads: that of a shell with one command. */
function keyboardOf(parts: ProcessParts): Keyboard | undefined {
  if (parts.liveTerminal() === undefined) return undefined;
  return {
    ask: async (question, signal) => {
      const { createInterface: createAsker } = await import('node:readline/promises');
      const asker = createAsker({ input: process.stdin, output: process.stdout });
      // A terminal whose input ends has answered, too.
      const ended = new Promise<string>((resolve) => asker.once('close', () => resolve('')));
      try {
        return await Promise.race([asker.question(question, { signal }), ended]);
      } finally {
        asker.close();
      }
    },
    lend: (work) => work(),
  };
}

/** Lines of the standard input, one after the other. */
async function runLines(
  shell: ShellState,
  streams: ShellStreams,
  signal: AbortSignal,
): Promise<void> {
  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  signal.addEventListener('abort', () => lines.close(), { once: true });
  for await (const line of lines) {
    await runLine(shell, streams, line, signal, 'script');
    if (shell.isOver || signal.aborted) break;
  }
  lines.close();
}

function connectFailure(error: unknown, hosts: string): unknown {
  if (error instanceof ConnectStringError)
    return new CommandError(error.message, { exitCode: ExitCode.badInvocation, cause: error });
  if (error instanceof Error && error.name === 'AbortError')
    return new CommandError('cancelled', { cause: error });
  if (!ZooKeeperError.is(error)) return error;
  return new CommandError(`no session with ${hosts}: ${error.message}`, {
    cause: error,
    remedy: 'Is a server there? "zooid 4lw srvr HOSTS" asks each of them.',
  });
}
