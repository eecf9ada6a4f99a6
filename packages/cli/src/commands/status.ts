import type { Command } from 'commander';
import type { CommandContext } from '../command.ts';
import { CommandError, ExitCode } from '../exit.ts';
import { findClientPort } from '../life/client-port.ts';
import { CONFIG_ARGUMENT } from '../life/life-options.ts';
import { chooseConfigFile } from '../life/server-place.ts';
import { readZooCfg } from '../life/zoo-cfg.ts';
import { askWord } from '../words/ask-word.ts';

const LIMITS = { timeoutMs: 5000, answerBytesMax: 1 << 20 } as const;

export function register(syntax: Command, context: CommandContext): void {
  syntax
    .description(
      'Asks the server of a configuration for its mode. Ends with 0 if it answers, else with 1.',
    )
    .argument(...CONFIG_ARGUMENT)
    .action(async (named: string | undefined) => {
      context.end(await status(named, context));
    });
}

/** Says how the server does, in the words of zkServer.sh. */
async function status(
  named: string | undefined,
  { output, parts }: CommandContext,
): Promise<number> {
  const configFile = chooseConfigFile(named, parts.environment);
  output.note(`Using config: ${configFile}`);
  const { remarks, found } = findClientPort(readZooCfg(configFile));
  for (const remark of remarks) output.line(remark);
  if (found === undefined) return ExitCode.failed;
  const isTls = found.security === 'tls';
  output.line(
    `Client port found: ${found.port}. Client address: ${found.address}. Client SSL: ${isTls}.`,
  );
  let reason = 'this command does not speak TLS yet';
  if (!isTls) {
    try {
      const answer = await askWord({ host: found.address, port: found.port }, 'srvr', LIMITS);
      const mode = answer.split('\n').find((line) => line.includes('Mode'));
      if (mode !== undefined) {
        output.line(mode);
        return ExitCode.finished;
      }
      reason = answer.trim() === '' ? 'the answer is empty' : `it says: ${answer.trim()}`;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      reason = error.message;
    }
  }
  output.line('Error contacting service. It is probably not running.');
  output.note(`(${reason})`);
  return ExitCode.failed;
}
