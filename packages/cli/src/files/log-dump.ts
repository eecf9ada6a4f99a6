// `zooid log dump`: every transaction of a log, as Apache's TxnLogToolkit prints it, or as JSON.

import path from 'node:path';
import { decodeTxnRecord, JuteReader, MalformedError, type TxnRecord } from '@zooid/protocol';
import { LogScan, type ScannedRecord } from '@zooid/server/files';
import type { CommandContext } from '../command.ts';
import { CommandError, ExitCode } from '../exit.ts';
import { readableFileBytes } from './arguments.ts';
import type { DataForm } from './jute-text.ts';
import { PagedText } from './paged-text.ts';
import { startProgress } from './progress.ts';
import { isWanted, type TxnFilter, wantsAll } from './txn-filter.ts';
import { txnJson } from './txn-json.ts';
import { txnText } from './txn-text.ts';

export interface LogDumpOptions {
  readonly form: 'apache' | 'json';
  readonly data: DataForm;
  readonly filter: TxnFilter;
}

/**
 * Prints the logs one after the other. A record whose checksum fails is printed and marked, as Apache's tool does, and the
 * dump goes on; what is no record ends it.
 *
 * @returns the exit code: 1 if a file holds damage that no record could be made of.
 */
export async function dumpLogs(
  files: readonly string[],
  options: LogDumpOptions,
  context: CommandContext,
): Promise<number> {
  const sizes = files.map(readableFileBytes);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const progress = await startProgress(context, 'reading', total, 'streams');
  let done = 0;
  let exitCode: number = ExitCode.finished;
  try {
    for (const [i, file] of files.entries()) {
      const isWhole = await new LogDump(file, options, context).run((offset) =>
        progress.report(done + offset),
      );
      if (!isWhole) exitCode = ExitCode.failed;
      done += sizes[i]!;
    }
  } finally {
    progress.end();
  }
  return exitCode;
}

class LogDump {
  readonly #file: string;
  readonly #options: LogDumpOptions;
  readonly #context: CommandContext;
  readonly #text: PagedText;
  readonly #reader = new JuteReader();
  #lastZxid = 0;
  #count = 0;

  constructor(file: string, options: LogDumpOptions, context: CommandContext) {
    this.#file = file;
    this.#options = options;
    this.#context = context;
    this.#text = new PagedText(context.output);
  }

  /** @returns whether the file held records and nothing else, up to its end or a torn tail. */
  async run(report: (offset: number) => void): Promise<boolean> {
    const scan = new LogScan(this.#file);
    try {
      if (!this.#printHeader(scan)) return true;
      const text = this.#text;
      for (const record of scan.records()) {
        this.#count++;
        if (record.zxid > this.#lastZxid) this.#lastZxid = record.zxid;
        this.#print(record);
        if (!text.isFull) continue;
        report(record.offset);
        await text.flush();
        if (this.#isPastFilter()) return true;
      }
      return this.#printEnd(scan);
    } finally {
      this.#text.end();
      scan.close();
    }
  }

  /** @returns whether records may follow. */
  #printHeader(scan: LogScan): boolean {
    if (scan.header === 'foreign') {
      throw new CommandError(`${this.#file} is no transaction log: it does not begin with ZKLG.`, {
        exitCode: ExitCode.badInvocation,
        ...(path.basename(this.#file).startsWith('snapshot.')
          ? { remedy: 'For a snapshot there is: zooid snapshot show' }
          : {}),
      });
    }
    if (scan.header === 'cut-short') {
      this.#context.output.complain(
        `${this.#file}: there is no record in it, its header is not even complete.`,
      );
      return false;
    }
    if (this.#options.form === 'apache') {
      this.#text.line(
        `ZooKeeper Transactional Log File with dbid ${scan.dbId} txnlog format version ${scan.version}`,
      );
    }
    return true;
  }

  #print(record: ScannedRecord): void {
    const decoded = this.#decode(record);
    const { filter, form, data } = this.#options;
    const isBad = record.state === 'bad-checksum';
    if (typeof decoded === 'string') {
      if (!wantsAll(filter)) return;
      const bytes = record.end - record.start;
      const what = `a record of ${bytes} bytes at offset ${record.offset} that cannot be understood: ${decoded}`;
      if (form === 'apache') this.#text.line(`${isBad ? 'CRC ERROR - ' : ''}${what}`);
      else
        this.#text.json({
          offset: record.offset,
          checksum: isBad ? 'differs' : 'ok',
          error: decoded,
        });
      return;
    }
    if (!isWanted(decoded, filter)) return;
    if (form === 'json') {
      const place = { offset: record.offset, ...(isBad ? { checksum: 'differs' } : {}) };
      this.#text.json({ ...txnJson(decoded, data), ...place });
      return;
    }
    const text = txnText(decoded, data);
    // Apache's tool prints a damaged one twice.
    if (isBad) this.#text.add(`CRC ERROR - ${text}`);
    this.#text.add(text);
  }

  /** @returns why it cannot be, if it cannot be decoded. */
  #decode(record: ScannedRecord): TxnRecord | string {
    this.#reader.reset(record.bytes, record.start, record.end);
    try {
      return decodeTxnRecord(this.#reader);
    } catch (error) {
      if (error instanceof MalformedError) return error.message;
      throw error;
    }
  }

  /** Whether no later record can be wanted. Zxids ascend in a log that is whole; the end is not read then. */
  #isPastFilter(): boolean {
    const { to } = this.#options.filter;
    return to !== undefined && this.#lastZxid > to;
  }

  /** @returns whether nothing but padding, or a torn tail, follows. */
  #printEnd(scan: LogScan): boolean {
    const end = scan.judgeEnd(this.#lastZxid);
    if (this.#options.form === 'apache' && end.kind !== 'damaged') {
      this.#text.line(`EOF reached after ${this.#count} txns.`);
    }
    this.#text.end();
    const place = `${this.#file}, offset ${scan.offset}`;
    switch (end.kind) {
      case 'clean':
        return true;
      case 'torn':
        this.#context.output.note(
          `${place}: ${end.contentBytes} bytes of a write follow that was never completed.`,
        );
        return true;
      case 'damaged':
        this.#context.output.complain(`${place}: ${end.what}.`);
        this.#context.output.note('More about it: zooid log verify');
        return false;
    }
  }
}
