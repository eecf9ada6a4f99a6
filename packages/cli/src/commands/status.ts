import type { Command } from 'commander';
import type { CommandContext } from '../command.ts';
import { CommandError, ExitCode } from '../exit.ts';
import { type ClientPort, findClientPort, type PortSearch } from '../life/client-port.ts';
import { CONFIG_ARGUMENT } from '../life/life-options.ts';
import { chooseConfigFile } from '../life/server-place.ts';
import { readZooCfg } from '../life/zoo-cfg.ts';
import { JSON_OPTION_HELP } from '../output.ts';
import { printableLine } from '../terminal/printable.ts';
import { askWord } from '../words/ask-word.ts';

const LIMITS = { timeoutMs: 5000, answerBytesMax: 1 << 20 } as const;

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
    .option('--json', JSON_OPTION_HELP)
    .action(async (named: string | undefined, { json }: { readonly json?: true }) => {
      const configFile = chooseConfigFile(named, context.parts.environment);
      const search = findClientPort(readZooCfg(configFile));
      if (json) {
        const { found } = search;
        const answer = found === undefined ? { problem: 'no client port' } : await askMode(found);
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
        context.end(await printStatus(search, context));
      }
    });
}

/** Says how the server does, in the words of zkServer.sh. */
async function printStatus(
  { remarks, found }: PortSearch,
  { output }: CommandContext,
): Promise<number> {
  for (const remark of remarks) output.line(remark);
  if (found === undefined) return ExitCode.failed;
  output.line(
    `Client port found: ${found.port}. Client address: ${found.address}. Client SSL: ${found.security === 'tls'}.`,
  );
  const answer = await askMode(found);
  if ('mode' in answer) {
    output.line(`Mode: ${answer.mode}`);
    return ExitCode.finished;
  }
  output.line('Error contacting service. It is probably not running.');
  output.note(`(${answer.problem})`);
  return ExitCode.failed;
}

/** Never throws for what the server or the network does. */
async function askMode({
  address,
  port,
  security,
}: ClientPort): Promise<{ readonly mode: string } | { readonly problem: string }> {
  if (security === 'tls') return { problem: 'this command does not speak TLS yet' };
  try {
    const answer = await askWord({ host: address, port }, 'srvr', LIMITS);
    const mode = /^Mode: (.*)$/m.exec(answer)?.[1];
    if (mode !== undefined) return { mode: printableLine(mode) };
    const said = printableLine(answer.trim());
    return { problem: said === '' ? 'the answer is empty' : `it says: ${said}` };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { problem: error.message };
  }
}
