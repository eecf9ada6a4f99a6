/**
 * `zooid log repair`: makes a log that can be read to its end out of one that cannot. First it says what will be lost, and it
 * never changes a file that it has not copied.
 *
 * What it does by itself is to cut off a torn tail, of which nothing was ever acknowledged. Where acknowledged transactions
 * would be lost, or a record would be declared right that does not match its checksum, it must be told to.
 */

import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import {
  ADLER32_INITIAL,
  adler32,
  decodeTxnRecord,
  encodeLogEntry,
  JuteReader,
  JuteWriter,
  MalformedError,
} from '@zooid/protocol';
import { inspectLock, javaHex, LogScan, type LogTail } from '@zooid/server/files';
import type { CommandContext } from '../command.ts';
import { CommandError, ExitCode } from '../exit.ts';
import { readableFileBytes } from './arguments.ts';
import { txnText } from './txn-text.ts';

const HEADER_BYTES = 16;
const COPY_BYTES = 1024 * 1024;
/** Transactions that are shown one by one before they go. */
const SHOWN_MAX = 10;

export interface LogRepairOptions {
  /** `copy` writes FILE.fixed; `in-place` keeps the old one as bak.FILE. */
  readonly target: 'copy' | 'in-place';
  /** What is done about records whose checksum fails. */
  readonly checksums: 'kept' | 'recomputed';
  /** Last zxid to keep; undefined: all. */
  readonly keepTo: number | undefined;
  /** Whether to ask before writing. */
  readonly confirmation: 'asked' | 'given';
}

/** What a repair would do. */
interface RepairPlan {
  /** The file is kept up to here. */
  readonly cutAt: number;
  readonly kept: number;
  readonly lastZxid: number;
  /** Where records begin whose checksum is set anew. */
  readonly recomputed: readonly number[];
  /** Whole records that are lost, and the first of them as text. */
  readonly lost: number;
  readonly lostTexts: readonly string[];
  readonly lostBytes: number;
  readonly tail: LogTail;
}

/** Repairs one log. @returns the exit code. */
export async function repairLog(
  file: string,
  options: LogRepairOptions,
  context: CommandContext,
): Promise<number> {
  readableFileBytes(file);
  const plan = makePlan(file, options);
  const { output } = context;
  if (isWhole(plan) && options.keepTo === undefined) {
    output.line(
      `${file}: nothing to repair, ${plan.kept} records up to zxid 0x${javaHex(plan.lastZxid)}.`,
    );
    return ExitCode.finished;
  }
  describePlan(file, plan, context);
  const target = targetOf(file, options, context);
  if (options.confirmation === 'asked') await confirm(context);
  write(file, plan, target);
  if (target.backup === undefined) {
    output.line(`Written: ${target.written}`);
    if (path.basename(path.dirname(path.resolve(file))) === 'version-2') {
      output.note(
        `Servers take every name that begins with "log." for a log: move ${path.basename(target.written)} over ${path.basename(file)}, or elsewhere, before one starts.`,
      );
    }
  } else {
    output.line(`Repaired: ${file}; as it was before: ${target.backup}`);
  }
  return ExitCode.finished;
}

function isWhole(plan: RepairPlan): boolean {
  return plan.recomputed.length === 0 && plan.tail.kind === 'clean' && plan.lost === 0;
}

/** @throws CommandError if the file cannot be repaired, or only with a loss that was not asked for. */
function makePlan(file: string, options: LogRepairOptions): RepairPlan {
  const scan = new LogScan(file);
  try {
    if (scan.header !== 'valid') {
      throw new CommandError(
        scan.header === 'foreign'
          ? `${file} is no transaction log: it does not begin with ZKLG.`
          : `${file} has no record, and nothing to repair: remove it.`,
      );
    }
    return planOf(scan, options);
  } finally {
    scan.close();
  }
}

function planOf(scan: LogScan, options: LogRepairOptions): RepairPlan {
  const recomputed: number[] = [];
  const lostTexts: string[] = [];
  let kept = 0;
  let lost = 0;
  let lastZxid = 0;
  let cutAt = -1;
  let tail: LogTail | undefined;
  for (const record of scan.records()) {
    if (cutAt < 0 && options.keepTo !== undefined && record.zxid > options.keepTo) {
      cutAt = record.offset;
    }
    if (cutAt >= 0) {
      lost++;
      if (lostTexts.length < SHOWN_MAX)
        lostTexts.push(textOf(record.bytes, record.start, record.end));
      continue;
    }
    if (record.state === 'bad-checksum') {
      const verdict = scan.judgeEnd(lastZxid);
      if (verdict.kind === 'torn') {
        tail = verdict;
        break;
      }
      if (options.checksums === 'kept')
        throw refuse(scan, record.offset, 'its checksum does not match');
      recomputed.push(record.offset);
    }
    kept++;
    if (record.zxid > lastZxid) lastZxid = record.zxid;
  }
  if (cutAt >= 0) {
    const lostBytes = scan.offset - cutAt;
    return {
      cutAt,
      kept,
      lastZxid,
      recomputed,
      lost,
      lostTexts,
      lostBytes,
      tail: { kind: 'clean' },
    };
  }
  tail ??= scan.judgeEnd(lastZxid);
  if (tail.kind === 'damaged') throw refuse(scan, scan.offset, tail.what);
  const lostBytes = tail.kind === 'torn' ? tail.contentBytes : 0;
  return { cutAt: scan.offset, kept, lastZxid, recomputed, lost, lostTexts, lostBytes, tail };
}

function refuse(scan: LogScan, offset: number, what: string): CommandError {
  return new CommandError(
    `${scan.path}, offset ${offset}: damage, and no torn tail: ${what}. Nothing was written.`,
    {
      remedy:
        'The best remedy is an intact copy (backup, or the data of another member). Without one:\n' +
        '  --recompute-crc   take records whose checksum fails as they are (see zooid log dump which)\n' +
        '  --keep-to ZXID    keep what stands up to there, lose what follows',
    },
  );
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  const reader = new JuteReader();
  reader.reset(bytes, start, end);
  try {
    return txnText(decodeTxnRecord(reader), 'none').trimEnd();
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return `a record of ${end - start} bytes that cannot be understood`;
  }
}

function describePlan(file: string, plan: RepairPlan, { output }: CommandContext): void {
  output.line(`${file}: ${plan.kept} records are kept, up to zxid 0x${javaHex(plan.lastZxid)}.`);
  if (plan.recomputed.length > 0) {
    output.line(
      `The checksum of ${plan.recomputed.length} of them is set anew, at offset ${plan.recomputed.slice(0, SHOWN_MAX).join(', ')}` +
        `${plan.recomputed.length > SHOWN_MAX ? ', ...' : ''}: whatever they say counts then.`,
    );
  }
  if (plan.tail.kind === 'torn') {
    const records = plan.tail.holds === 'whole-records' ? ', whole records among them,' : '';
    output.line(
      `Cut off from offset ${plan.cutAt}: ${plan.lostBytes} bytes of a write${records} that was never completed or acknowledged.`,
    );
  }
  if (plan.lost > 0) {
    output.line(
      `Lost from offset ${plan.cutAt}: ${plan.lost} transactions, ${plan.lostBytes} bytes:`,
    );
    for (const text of plan.lostTexts) output.line(`  ${text.replaceAll('\n', ' ')}`);
    if (plan.lost > plan.lostTexts.length)
      output.line(`  and ${plan.lost - plan.lostTexts.length} more`);
  }
}

interface Target {
  readonly written: string;
  /** Where the file as it was is kept; undefined: it is not touched. */
  readonly backup: string | undefined;
}

/** @throws CommandError if a file is in the way, or a server has the log open. */
function targetOf(file: string, options: LogRepairOptions, context: CommandContext): Target {
  if (options.target === 'copy') {
    const written = `${file}.fixed`;
    if (fs.existsSync(written)) throw new CommandError(`${written} is there already.`);
    return { written, backup: undefined };
  }
  const directory = path.dirname(path.resolve(file));
  for (const locked of [directory, path.dirname(directory)]) {
    const lock = inspectLock(locked);
    if (lock === undefined || lock.life === 'dead') continue;
    if (lock.life === 'unknown' && lock.pulse === 'lost') continue;
    throw new CommandError(
      `A server has ${locked} open (process ${lock.holder?.pid ?? 'unknown'}).`,
      {
        remedy: 'Stop it, or leave --in-place out.',
      },
    );
  }
  // Not FILE.bak: a server would take log.1.bak for the log of zxid 1.
  const backup = path.join(path.dirname(file), `bak.${path.basename(file)}`);
  if (fs.existsSync(backup)) {
    throw new CommandError(`${backup} is there already.`, { remedy: 'Move it elsewhere first.' });
  }
  context.output.line(`The file as it is will be kept as ${backup}.`);
  return { written: file, backup };
}

async function confirm(context: CommandContext): Promise<void> {
  if (!process.stdin.isTTY || context.parts.errorTerminal() === undefined) {
    throw new CommandError(
      'Nothing was written: this asks before it writes, and there is no terminal.',
      {
        remedy: 'Say --yes if that is what you want.',
        exitCode: ExitCode.badInvocation,
      },
    );
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question('Go on? [y/N] ');
    if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError('Nothing was written.');
  } finally {
    lines.close();
  }
}

/** The new file appears whole, by rename; until then nothing has changed. */
function write(file: string, plan: RepairPlan, target: Target): void {
  // Begins with no name that a server reads.
  const temporary = path.join(path.dirname(target.written), `tmp.repair.${randomUUID()}`);
  try {
    const to = fs.openSync(temporary, 'wx', fs.statSync(file).mode & 0o777);
    try {
      copyRecords(file, plan, to);
      fs.fsyncSync(to);
    } finally {
      fs.closeSync(to);
    }
    if (target.backup !== undefined)
      fs.copyFileSync(file, target.backup, fs.constants.COPYFILE_EXCL);
    if (target.backup !== undefined) syncFile(target.backup);
    fs.renameSync(temporary, target.written);
    syncFile(path.dirname(path.resolve(target.written)));
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

function syncFile(file: string): void {
  const fd = fs.openSync(file, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Copies what is kept; between records that get another checksum byte for byte. */
function copyRecords(file: string, plan: RepairPlan, to: number): void {
  if (plan.recomputed.length === 0) {
    copyRange(file, 0, plan.cutAt, to);
    return;
  }
  copyRange(file, 0, HEADER_BYTES, to);
  const writer = new JuteWriter();
  const scan = new LogScan(file);
  try {
    for (const { offset, bytes, start, end } of scan.records()) {
      if (offset >= plan.cutAt) return;
      writer.clear();
      const checksum = adler32(ADLER32_INITIAL, bytes, start, end);
      encodeLogEntry(writer, { checksum, record: bytes.subarray(start, end) });
      writeFully(to, writer.view());
    }
  } finally {
    scan.close();
  }
}

function copyRange(file: string, start: number, end: number, to: number): void {
  const chunk = new Uint8Array(Math.min(COPY_BYTES, Math.max(1, end - start)));
  const from = fs.openSync(file, 'r');
  try {
    for (let at = start; at < end; ) {
      const count = fs.readSync(from, chunk, 0, Math.min(chunk.byteLength, end - at), at);
      if (count === 0) throw new CommandError(`${file} became shorter while it was copied.`);
      writeFully(to, chunk.subarray(0, count));
      at += count;
    }
  } finally {
    fs.closeSync(from);
  }
}

function writeFully(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.byteLength; ) at += fs.writeSync(fd, bytes, at);
}
