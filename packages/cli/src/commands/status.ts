import type { Command } from 'commander';
import type { CommandContext } from '../command.ts';
import { CommandError, ExitCode } from '../exit.ts';
import { type ClientPort, findClientPort, type PortSearch } from '../life/client-port.ts';
import { CONFIG_ARGUMENT } from '../life/life-options.ts';
import { chooseConfigFile } from '../life/server-place.ts';
import { readZooCfg } from '../life/zoo-cfg.ts';
import { JSON_OPTION_HELP } from '../output.ts';
import type { ProcessParts } from '../process-parts.ts';
import { printableLine } from '../terminal/printable.ts';
import { addTlsOptions, type TlsArguments } from '../tls-arguments.ts';
import { askWord } from '../words/ask-word.ts';
import { type WordTls, wordTlsOf } from '../words/word-tls.ts';

const LIMITS = { timeoutMs: 5000, answerBytesMax: 1 << 20 } as const;

const HELP = `
If the configuration has only a secureClientPort, it is asked over TLS. Whom to trust and who we are say the options, or
-Dzookeeper.ssl.trustStore.location and -Dzookeeper.ssl.keyStore.location (and .password) in CLIENT_JVMFLAGS; stores are PEM or PKCS #12.
`;

interface Options extends TlsArguments {
  readonly json?: true;
}

type ModeAnswer = { readonly mode: string } | { readonly problem: string };

/** What `--json` prints. */
interface StatusReport {
  readonly address: string | null;
  readonly port: number | null;
  readonly tls: boolean;
  /** Null if the server does not answer. */
  readonly mode: string | null;
  /** Why it does not, or null. */
  readonly problem: string | null;
}

export function register(syntax: Command, context: CommandContext): void {
  syntax
    .description(
      'Asks the server of a configuration for its mode. Ends with 0 if it answers, else with 1.',
    )
    .argument(...CONFIG_ARGUMENT)
    .option('--json', JSON_OPTION_HELP);
  addTlsOptions(syntax)
    .addHelpText('after', HELP)
    .action(async (named: string | undefined, { json, ...files }: Options) => {
      const { environment } = context.parts;
      const configFile = chooseConfigFile(named, environment);
      const search = findClientPort(readZooCfg(configFile));
      const ask = (port: ClientPort) => askMode(port, tlsFor(port, files, environment));
      if (json) {
        const { found } = search;
        const answer = found === undefined ? { problem: 'no client port' } : await ask(found);
        const report: StatusReport = {
          address: found?.address ?? null,
          port: found?.port ?? null,
          tls: found?.security === 'tls',
          mode: 'mode' in answer ? answer.mode : null,
          problem: 'problem' in answer ? answer.problem : null,
        };
        context.output.json(report);
        if (report.mode === null) context.end(ExitCode.failed);
      } else {
        context.output.note(`Using config: ${configFile}`);
        context.end(await printStatus(search, ask, context));
      }
    });
}

/** TLS for a port of TLS, and only for that. */
function tlsFor(
  { security }: ClientPort,
  args: TlsArguments,
  environment: ProcessParts['environment'],
): WordTls | undefined {
  return security === 'plain' ? undefined : wordTlsOf({ ...args, tls: true }, environment);
}

/** Says how the server does, in the words of zkServer.sh. */
async function printStatus(
  { remarks, found }: PortSearch,
  ask: (port: ClientPort) => Promise<ModeAnswer>,
  { output }: CommandContext,
): Promise<number> {
  for (const remark of remarks) output.line(remark);
  if (found === undefined) return ExitCode.failed;
  output.line(
    `Client port found: ${found.port}. Client address: ${found.address}. Client SSL: ${found.security === 'tls'}.`,
  );
  const answer = await ask(found);
  if ('mode' in answer) {
    output.line(`Mode: ${answer.mode}`);
    return ExitCode.finished;
  }
  output.line('Error contacting service. It is probably not running.');
  output.note(`(${answer.problem})`);
  return ExitCode.failed;
}

/** Never throws for what the server or the network does. */
async function askMode(
  { address, port }: ClientPort,
  tls: WordTls | undefined,
): Promise<ModeAnswer> {
  try {
    const answer = await askWord({ host: address, port }, 'srvr', { ...LIMITS, tls });
    const mode = /^Mode: (.*)$/m.exec(answer)?.[1];
    if (mode !== undefined) return { mode: printableLine(mode) };
    const said = printableLine(answer.trim());
    return { problem: said === '' ? 'the answer is empty' : `it says: ${said}` };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { problem: error.message };
  }
}
