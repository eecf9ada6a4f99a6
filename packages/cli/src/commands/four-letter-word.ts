import { type Command, InvalidArgumentError } from 'commander';
import type { CommandContext } from '../command.ts';
import { CommandError, ExitCode } from '../exit.ts';
import { JSON_OPTION_HELP } from '../output.ts';
import { printable } from '../terminal/printable.ts';
import { addTlsOptions, type TlsArguments } from '../tls-arguments.ts';
import { askWord, describeHost, type HostPort, type WordOptions } from '../words/ask-word.ts';
import { parseHosts } from '../words/parse-hosts.ts';
import { isNotWhitelisted, keysAndValues } from '../words/word-answer.ts';
import { wordTlsOf } from '../words/word-tls.ts';

const TIMEOUT_MS = 5000;
/** Answers list every connection or watch of a server: a hundred megabytes would be a million of them. */
const ANSWER_BYTES_MAX = 128 << 20;

const HELP = `
Words: conf cons crst dirs dump envi gtmk hash isro mntr ruok srst srvr stat wchc wchp wchs

Examples:
  zooid 4lw srvr                              the server on this machine
  zooid 4lw mntr zk1:2181,zk2:2181,zk3:2181   three servers, asked side by side
  zooid 4lw ruok zk1 zk2 && echo all well     2181 is the port unless given
  zooid 4lw srvr zk1:2281 --ca ca.pem         over TLS
  zooid 4lw mntr zk1 --json | jq '.[0].values.zk_znode_count'

Ends with 0 if every server answered, else with 1. A server answers only the words in its
4lw.commands.whitelist, which is srvr alone unless its configuration says more.
What the words mean: docs/reference/four-letter-words.md
`;

interface Options extends TlsArguments {
  readonly timeout: number;
  readonly json?: true;
}

/** What one server answered, or why it did not. */
type Answer =
  | { readonly host: string; readonly answer: string }
  | { readonly host: string; readonly error: string; readonly remedy: string | undefined };

export function register(syntax: Command, context: CommandContext): void {
  syntax
    .description('Sends a four-letter word to servers and prints what they answer.')
    .argument('<word>', 'the word', parseWord)
    .argument('[hosts...]', 'servers, host:port, also with commas (default: localhost:2181)')
    .option('--timeout <ms>', 'how long a server may take for its answer', parseTimeout, TIMEOUT_MS)
    .option('--json', JSON_OPTION_HELP);
  addTlsOptions(syntax)
    .addHelpText('after', HELP)
    .action(async (word: string, hosts: readonly string[], options: Options) => {
      const servers = parseHosts(hosts);
      const wordOptions: WordOptions = {
        timeoutMs: options.timeout,
        answerBytesMax: ANSWER_BYTES_MAX,
        tls: wordTlsOf(options, context.parts.environment),
      };
      const answers = await Promise.all(servers.map((server) => ask(server, word, wordOptions)));
      if (options.json) context.output.json(answers.map((answer) => toJson(answer)));
      else print(answers, context);
      if (answers.some((answer) => 'error' in answer)) context.end(ExitCode.failed);
    });
}

async function ask(server: HostPort, word: string, options: WordOptions): Promise<Answer> {
  const host = describeHost(server);
  try {
    const answer = await askWord(server, word, options);
    if (isNotWhitelisted(answer)) {
      const remedy = `Add ${word} to 4lw.commands.whitelist in its zoo.cfg; * stands for all words.`;
      return { host, error: `${host}: ${answer.trim()}`, remedy };
    }
    if (answer === '') {
      const remedy =
        options.tls === undefined
          ? 'So ZooKeeper answers a word that it does not know, or a port of TLS, which needs --tls.'
          : 'So ZooKeeper answers a word that it does not know.';
      return { host, error: `${host} closed the connection without an answer`, remedy };
    }
    return { host, answer };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { host, error: error.message, remedy: error.remedy };
  }
}

function toJson(answer: Answer): object {
  if ('error' in answer) return { host: answer.host, error: answer.error };
  const values = keysAndValues(answer.answer);
  return values === undefined ? answer : { ...answer, values };
}

function print(answers: readonly Answer[], { output }: CommandContext): void {
  for (const answer of answers) {
    if ('error' in answer) {
      output.complain(answer.error);
      if (answer.remedy !== undefined) output.note(answer.remedy);
      continue;
    }
    if (answers.length > 1) output.line(output.colors.bold(`==> ${answer.host} <==`));
    output.write(output.isTerminal ? printable(answer.answer) : answer.answer);
    // ruok and isro end without one.
    const isCut = !answer.answer.endsWith('\n');
    if (isCut && (output.isTerminal || answers.length > 1)) output.line();
  }
}

function parseWord(text: string): string {
  if (!/^[a-z]{4}$/.test(text)) throw new InvalidArgumentError('It must be four small letters.');
  return text;
}

function parseTimeout(text: string): number {
  const ms = Number(text);
  if (!/^\d+$/.test(text) || ms < 1 || ms > 3_600_000)
    throw new InvalidArgumentError('It must be a number of milliseconds, 1 to 3600000.');
  return ms;
}
