// `zooid log`: what stands in transaction logs, whether it is whole, and a log that can be read again.

import fs from 'node:fs';
import { javaHex } from '@zooid/server/files';
import { type Command, Option } from 'commander';
import type { CommandContext } from '../command.ts';
import { ExitCode } from '../exit.ts';
import { parseSessionId, parseTime, parseZnodePath, parseZxid } from '../files/arguments.ts';
import { hasProblems, printFindings } from '../files/finding.ts';
import type { DataForm } from '../files/jute-text.ts';
import { dumpLogs } from '../files/log-dump.ts';
import { repairLog } from '../files/log-repair.ts';
import { type LogReport, LogVerifier, namedLogs } from '../files/log-verify.ts';
import { startProgress } from '../files/progress.ts';
import { JSON_OPTION_HELP } from '../output.ts';

const HELP = `
Files are only read, while a server writes them too; repair writes, and says first what.

Examples:
  zooid log dump data/version-2/log.1
  zooid log dump --path /app --since "2026-11-20 16:00" data/version-2/log.*
  zooid log verify data
  zooid log repair data/version-2/log.1
`;

const DUMP_HELP = `
One line for each transaction, as Apache's zkTxnLogToolkit.sh prints it; all conditions must hold. A multi is printed
when one of its parts fits. With --json, each line is an object.

Exit codes: 0 printed to the end, 1 a file is damaged, 2 wrong arguments.
`;

const VERIFY_HELP = `
Checks every checksum, the order of the zxids, that nothing is missing between files, and whether a file ends in a torn tail (an
interrupted write: nothing acknowledged is lost) or in damage. Of a directory all logs are checked, of a data directory those in version-2.

Exit codes: 0 all is well, 1 something is not, 2 wrong arguments.
`;

const REPAIR_HELP = `
Without options it cuts off a torn tail and refuses anything else. The result goes to FILE.fixed; with --in-place to FILE, and
what was there before to bak.FILE (a server would read FILE.bak as a log). What will be lost is shown before anything is written.

Exit codes: 0 repaired or nothing to do, 1 not repaired, 2 wrong arguments.
`;

interface DumpOptions {
  readonly json?: true;
  readonly from?: number;
  readonly to?: number;
  readonly session?: bigint;
  readonly path?: string;
  readonly type?: readonly string[];
  readonly since?: number;
  readonly until?: number;
  readonly data: DataForm;
}

interface RepairOptions {
  readonly inPlace?: true;
  readonly recomputeCrc?: true;
  readonly keepTo?: number;
  readonly yes?: true;
}

export function register(syntax: Command, context: CommandContext): void {
  syntax.addHelpText('after', HELP);
  registerDump(syntax, context);
  syntax
    .command('verify')
    .summary('check checksums, order and completeness')
    .description('Check checksums, order and completeness of transaction logs.')
    .argument('<file|directory...>', 'logs, or directories of them')
    .option('--json', JSON_OPTION_HELP)
    .addHelpText('after', VERIFY_HELP)
    .action(async (targets: readonly string[], options: { readonly json?: true }) => {
      context.end(await verify(targets, options.json === true ? 'json' : 'text', context));
    });
  syntax
    .command('repair')
    .summary('cut off a torn tail, or set checksums anew')
    .description('Make a log that can be read to its end out of one that cannot.')
    .argument('<file>', 'a log')
    .option('--in-place', 'replace the file; it is kept as bak.FILE')
    .option('--recompute-crc', 'take records whose checksum fails as they are, with a new checksum')
    .option('--keep-to <zxid>', 'keep what stands up to this zxid, lose the rest', parseZxid)
    .option('-y, --yes', 'do not ask before writing')
    .addHelpText('after', REPAIR_HELP)
    .action(async (file: string, options: RepairOptions) => {
      const exitCode = await repairLog(
        file,
        {
          target: options.inPlace === true ? 'in-place' : 'copy',
          checksums: options.recomputeCrc === true ? 'recomputed' : 'kept',
          keepTo: options.keepTo,
          confirmation: options.yes === true ? 'given' : 'asked',
        },
        context,
      );
      context.end(exitCode);
    });
}

function registerDump(syntax: Command, context: CommandContext): void {
  syntax
    .command('dump')
    .summary('print the transactions')
    .description('Print the transactions of logs.')
    .argument('<file...>', 'logs')
    .option('--json', JSON_OPTION_HELP)
    .option('--from <zxid>', 'from this zxid on (0x... or decimal)', parseZxid)
    .option('--to <zxid>', 'up to this zxid', parseZxid)
    .option('--session <id>', 'of this session', parseSessionId)
    .option('--path <path>', 'about this znode or one below it', parseZnodePath)
    .option(
      '--type <type>',
      'of this type (create, setData, multi, ...); may be repeated',
      (text: string, earlier: readonly string[] = []) => [...earlier, ...text.split(',')],
    )
    .option('--since <time>', 'not earlier than this (ISO 8601)', parseTime)
    .option('--until <time>', 'not later than this', parseTime)
    .addOption(
      new Option(
        '--data <form>',
        'how data is printed; auto: as text where it is text, else in hex',
      )
        .choices(['auto', 'hex', 'base64', 'none'])
        .default('auto'),
    )
    .addHelpText('after', DUMP_HELP)
    .action(async (files: readonly string[], options: DumpOptions) => {
      const { from, to, session, path, type, since, until } = options;
      const types = type && new Set(type.map((name) => name.toLowerCase()));
      context.end(
        await dumpLogs(
          files,
          {
            form: options.json === true ? 'json' : 'apache',
            data: options.data,
            filter: { from, to, session, path, types, since, until },
          },
          context,
        ),
      );
    });
}

async function verify(
  targets: readonly string[],
  form: 'json' | 'text',
  context: CommandContext,
): Promise<number> {
  const { output } = context;
  const logs = namedLogs(targets);
  if (logs.length === 0) {
    output.complain(`there is no log in ${targets.join(', ')}.`);
    return ExitCode.failed;
  }
  const verifier = new LogVerifier();
  for (const [i, log] of logs.entries()) {
    const progress = await startProgress(
      context,
      `checking ${i + 1}/${logs.length}`,
      bytesOf(log.path),
      'comes last',
    );
    try {
      await verifier.verify(log, logs[i + 1], progress.report);
    } finally {
      progress.end();
    }
  }
  const { findings } = verifier;
  if (form === 'json') {
    output.json({ ok: !hasProblems(findings), logs: verifier.logs.map(jsonOf), findings });
  } else {
    for (const log of verifier.logs) output.line(`${log.file}: ${summaryOf(log)}`);
    printFindings(output, findings);
    if (!hasProblems(findings)) output.line('All is well.');
  }
  return hasProblems(findings) ? ExitCode.failed : ExitCode.finished;
}

function bytesOf(file: string): number {
  return fs.statSync(file).size;
}

function summaryOf(log: LogReport): string {
  if (log.records === 0) return 'no records';
  const count = log.records === 1 ? 'one record' : `${log.records} records`;
  return `${count}, zxid 0x${javaHex(log.firstZxid)} to 0x${javaHex(log.lastZxid)}`;
}

function jsonOf(log: LogReport): Record<string, unknown> {
  const { file, bytes, records } = log;
  if (records === 0) return { file, bytes, records };
  const firstZxid = `0x${javaHex(log.firstZxid)}`;
  return { file, bytes, records, firstZxid, lastZxid: `0x${javaHex(log.lastZxid)}` };
}
