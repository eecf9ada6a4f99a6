// `zooid snapshot`: what stands in snapshots, whether they are whole, and how two of them differ.

import { javaHex } from '@zooid/server/files';
import type { Command } from 'commander';
import type { CommandContext } from '../command.ts';
import { ExitCode } from '../exit.ts';
import { parseCount, parseZnodePath } from '../files/arguments.ts';
import { hasProblems, printFindings } from '../files/finding.ts';
import { compareSnapshots, diffSnapshots } from '../files/snapshot-diff.ts';
import { snapshotNamed } from '../files/snapshot-name.ts';
import { showSnapshot, showSnapshotJson } from '../files/snapshot-show.ts';
import { summarizeSnapshot } from '../files/snapshot-summary.ts';
import { type SnapshotVerification, verifySnapshot } from '../files/snapshot-verify.ts';
import { JSON_OPTION_HELP } from '../output.ts';

const HELP = `
Files may be plain, .gz or .snappy, of this server or of Apache's. They are only read.

Examples:
  zooid snapshot show data/version-2/snapshot.1a
  zooid snapshot show --json data/version-2/snapshot.1a | ncdu -f -
  zooid snapshot verify data/version-2/snapshot.*
  zooid snapshot diff data/version-2/snapshot.1a data/version-2/snapshot.2f
  zooid snapshot summary --top 20 data/version-2/snapshot.1a
`;

const SHOW_HELP = `
Prints znodes in the order of the file, then the sessions, as Apache's zkSnapShotToolkit.sh does. With --json, the tree with
the length of each znode's data, in the form that ncdu reads.

Exit codes: 0 printed, 1 the file is damaged or the znode is not there, 2 wrong arguments.
`;

const VERIFY_HELP = `
Checks the checksum, the digest of the content, that each znode is there once and after its parent, that ACLs and the
sessions of ephemerals are in the file.

Exit codes: 0 all is well, 1 something is not, 2 wrong arguments.
`;

const DIFF_HELP = `
Without thresholds: one line for each znode that was added (+), removed (-) or changed (~). With --bytes or --nodes: subtrees that
differ by more, level by level, as Apache's zkSnapshotComparer.sh prints them.

Exit codes: 0 no difference (with thresholds: printed), 1 they differ or a file is damaged, 2 wrong arguments.
`;

const SUMMARY_HELP = `
Prints every znode that has children, with the znodes and the bytes of data below it, as Apache's
zkSnapshotRecursiveSummaryToolkit.sh does. With --top, the largest subtrees: bytes, znodes below, path.
`;

interface JsonOption {
  readonly json?: true;
}

export function register(syntax: Command, context: CommandContext): void {
  syntax.addHelpText('after', HELP);
  syntax
    .command('show')
    .summary('print the znodes and sessions')
    .description('Print the znodes and sessions of a snapshot.')
    .argument('<file>', 'a snapshot')
    .option('-d, --data', 'print the data, in base64')
    .option('--path <path>', 'only this znode and those below it', parseZnodePath, '/')
    .option('--json', 'print the tree as JSON for ncdu')
    .addHelpText('after', SHOW_HELP)
    .action(
      async (
        file: string,
        options: JsonOption & { readonly data?: true; readonly path: string },
      ) => {
        if (options.json === true && options.data === true)
          syntax.error('error: --json has no data: leave --data or --json out');
        const name = snapshotNamed(file);
        const { path } = options;
        context.end(
          options.json === true
            ? await showSnapshotJson(name, path, context)
            : await showSnapshot(
                name,
                { path, data: options.data === true ? 'base64' : 'length' },
                context,
              ),
        );
      },
    );
  syntax
    .command('verify')
    .summary('check that snapshots are whole')
    .description('Check that snapshots are what was written, and that it was a tree.')
    .argument('<file...>', 'snapshots')
    .option('--json', JSON_OPTION_HELP)
    .addHelpText('after', VERIFY_HELP)
    .action(async (files: readonly string[], options: JsonOption) => {
      context.end(await verify(files, options.json === true ? 'json' : 'text', context));
    });
  registerDiff(syntax, context);
  syntax
    .command('summary')
    .summary('say how many znodes and bytes lie where')
    .description('Say how many znodes and bytes of data lie where.')
    .argument('<file>', 'a snapshot')
    .argument('[path]', 'the znode to begin with', parseZnodePath, '/')
    .option('--depth <levels>', 'levels below it that are printed; 0: all', parseCount, 1)
    .option('--top <count>', 'only so many, the largest first', parseCount)
    .option('--json', 'print one JSON object on each line')
    .addHelpText('after', SUMMARY_HELP)
    .action(
      async (
        file: string,
        path: string,
        options: JsonOption & { readonly depth: number; readonly top?: number },
      ) => {
        const form = options.json === true ? 'json' : 'apache';
        const { depth, top } = options;
        context.end(
          await summarizeSnapshot(snapshotNamed(file), { path, depth, top, form }, context),
        );
      },
    );
}

interface DiffOptions extends JsonOption {
  readonly bytes?: number;
  readonly nodes?: number;
  readonly path: string;
}

function registerDiff(syntax: Command, context: CommandContext): void {
  syntax
    .command('diff')
    .summary('say how two snapshots differ')
    .description('Say how two snapshots differ.')
    .argument('<left>', 'a snapshot')
    .argument('<right>', 'another one, as a rule a later one')
    .option('-b, --bytes <count>', 'tell subtrees that differ by more bytes', parseCount)
    .option('-n, --nodes <count>', 'tell subtrees that differ by more znodes', parseCount)
    .option('--path <path>', 'only this znode and those below it', parseZnodePath, '/')
    .option('--json', 'print one JSON object on each line')
    .addHelpText('after', DIFF_HELP)
    .action(async (left: string, right: string, options: DiffOptions) => {
      const { bytes, nodes, path } = options;
      const [leftName, rightName] = [snapshotNamed(left), snapshotNamed(right)];
      if (bytes === undefined && nodes === undefined) {
        const form = options.json === true ? 'json' : 'text';
        context.end(await diffSnapshots(leftName, rightName, { form, path }, context));
        return;
      }
      if (options.json === true || path !== '/')
        syntax.error('error: --bytes and --nodes go with neither --json nor --path');
      const thresholds = { bytes: bytes ?? Infinity, nodes: nodes ?? Infinity };
      context.end(await compareSnapshots(leftName, rightName, thresholds, context));
    });
}

async function verify(
  files: readonly string[],
  form: 'json' | 'text',
  context: CommandContext,
): Promise<number> {
  const { output } = context;
  const names = files.map(snapshotNamed);
  const results: SnapshotVerification[] = [];
  for (const name of names) results.push(await verifySnapshot(name, context));
  const findings = results.flatMap((result) => result.findings);
  if (form === 'json') {
    const snapshots = results.map(({ file, zxid, znodes, sessions, dataBytes }) => ({
      file,
      ...(Number.isNaN(zxid) ? {} : { zxid: `0x${javaHex(zxid)}` }),
      znodes,
      sessions,
      dataBytes,
    }));
    output.json({ ok: !hasProblems(findings), snapshots, findings });
  } else {
    for (const { file, znodes, sessions, dataBytes } of results) {
      output.line(`${file}: ${znodes} znodes, ${dataBytes} bytes of data, ${sessions} sessions`);
    }
    printFindings(output, findings);
    if (!hasProblems(findings)) output.line('All is well.');
  }
  return hasProblems(findings) ? ExitCode.failed : ExitCode.finished;
}
