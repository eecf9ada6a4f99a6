// `zooid doctor`: what is wrong with a data directory or with servers, in plain words, and what to do.

import fs from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import type { CommandContext } from '../command.ts';
import { CommandError, ExitCode } from '../exit.ts';
import { parseCount } from '../files/arguments.ts';
import { examineData } from '../files/doctor-data.ts';
import { examineHosts } from '../files/doctor-hosts.ts';
import { type Diagnosis, hasProblems, printFindings } from '../files/finding.ts';
import { readZooCfg } from '../life/zoo-cfg.ts';
import { JSON_OPTION_HELP } from '../output.ts';
import { addTlsOptions, type TlsArguments } from '../tls-arguments.ts';
import { parseHosts } from '../words/parse-hosts.ts';
import { wordTlsOf } from '../words/word-tls.ts';

const TIMEOUT_MS = 5000;

const HELP = `
A path is taken for a data directory, or for a zoo.cfg that names one; anything else for servers. It only looks: nothing is
changed, and a server may run.

Examples:
  zooid doctor /var/lib/zookeeper
  zooid doctor /var/lib/zookeeper --log-dir /var/log/zookeeper
  zooid doctor conf/zoo.cfg
  zooid doctor zk1:2181,zk2:2181,zk3:2181

Exit codes: 0 healthy, 1 there are problems, 2 wrong arguments.
`;

interface DoctorOptions extends TlsArguments {
  readonly logDir?: string;
  readonly timeout: number;
  readonly json?: true;
}

export function register(syntax: Command, context: CommandContext): void {
  syntax
    .description('Says what is wrong with a data directory or with servers, and what to do.')
    .argument(
      '<target...>',
      'a data directory, a zoo.cfg, or servers (host:port, also with commas)',
    )
    .option('--log-dir <directory>', 'dataLogDir, if it is another than dataDir')
    .option('--timeout <ms>', 'how long a server may take for an answer', parseCount, TIMEOUT_MS)
    .option('--json', JSON_OPTION_HELP);
  addTlsOptions(syntax)
    .addHelpText('after', HELP)
    .action(async (targets: readonly string[], options: DoctorOptions) => {
      const diagnosis = await examine(targets, options, context);
      print(diagnosis, options.json === true ? 'json' : 'text', context);
      context.end(hasProblems(diagnosis.findings) ? ExitCode.failed : ExitCode.finished);
    });
}

async function examine(
  targets: readonly string[],
  options: DoctorOptions,
  context: CommandContext,
): Promise<Diagnosis> {
  const [target = ''] = targets;
  const stat = fs.statSync(target, { throwIfNoEntry: false });
  if (stat === undefined && !looksLikePath(target)) {
    const tls = wordTlsOf(options, context.parts.environment);
    return examineHosts(parseHosts(targets), { timeoutMs: options.timeout, tls });
  }
  if (targets.length > 1) {
    throw new CommandError('one data directory at a time; its log directory goes into --log-dir', {
      exitCode: ExitCode.badInvocation,
    });
  }
  if (stat === undefined) {
    throw new CommandError(`${target} does not exist`, { exitCode: ExitCode.badInvocation });
  }
  const named = stat.isDirectory() ? { dataDir: target } : directoriesOf(target);
  const { dataDir, dataLogDir = dataDir } = named;
  return examineData({ dataDir, dataLogDir: options.logDir ?? dataLogDir }, context);
}

function looksLikePath(target: string): boolean {
  return path.isAbsolute(target) || /^\.{1,2}(\/|$)/.test(target) || /^[^:]*\/[^:]*$/.test(target);
}

function directoriesOf(file: string): { readonly dataDir: string; readonly dataLogDir?: string } {
  const config = readZooCfg(file);
  const dataDir = config.get('dataDir');
  if (dataDir === undefined) {
    throw new CommandError(`${file} is no zoo.cfg: it names no dataDir`, {
      exitCode: ExitCode.badInvocation,
    });
  }
  const dataLogDir = config.get('dataLogDir');
  return dataLogDir === undefined ? { dataDir } : { dataDir, dataLogDir };
}

function print(diagnosis: Diagnosis, form: 'json' | 'text', { output }: CommandContext): void {
  const { facts, findings } = diagnosis;
  const isHealthy = !hasProblems(findings);
  if (form === 'json') {
    output.json({ healthy: isHealthy, facts, findings });
    return;
  }
  for (const fact of facts) output.line(fact);
  printFindings(output, findings);
  output.line(
    isHealthy ? output.colors.green('Healthy.') : output.colors.red('There are problems.'),
  );
}
