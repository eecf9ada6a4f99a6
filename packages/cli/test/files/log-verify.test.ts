import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { flipByte, temporaryDirectory, txnsOf, writeLog, zooid } from './made-files.ts';

interface Verified {
  readonly ok: boolean;
  readonly logs: readonly { readonly records: number; readonly lastZxid?: string }[];
  readonly findings: readonly {
    readonly severity: string;
    readonly code: string;
    readonly where: string;
    readonly offset: number;
  }[];
}

async function verify(target: string): Promise<Verified & { readonly exit: number }> {
  const { out, code } = await zooid('log', 'verify', '--json', target);
  return { exit: code, ...(JSON.parse(out) as Verified) };
}

describe('a verification', () => {
  test('finds nothing in logs that follow each other, also into a new epoch', async () => {
    const directory = temporaryDirectory();
    writeLog(path.join(directory, 'version-2'), txnsOf(1, 12));
    writeLog(path.join(directory, 'version-2'), txnsOf(13, 20));
    writeLog(path.join(directory, 'version-2'), txnsOf(0x1_0000_0001, 0x1_0000_0003));
    const found = await verify(directory);
    expect(found).toMatchObject({ exit: 0, ok: true, findings: [] });
    expect(found.logs.map((log) => log.records)).toEqual([12, 8, 3]);
    const { lines } = await zooid('log', 'verify', directory);
    expect(lines.at(-1)).toBe('All is well.');
    expect(lines[0]).toContain('12 records, zxid 0x1 to 0xc');
  });

  test('tells what is missing between two files and inside of one', async () => {
    const directory = temporaryDirectory();
    writeLog(directory, txnsOf(1, 12));
    const second = writeLog(directory, [...txnsOf(14, 16), ...txnsOf(18, 19)]);
    const { exit, findings } = await verify(directory);
    expect(exit).toBe(1);
    expect(findings).toMatchObject([
      { code: 'LOG_GAP', severity: 'error', where: second.path, offset: second.offsets[0] },
      { code: 'LOG_GAP', severity: 'error', where: second.path, offset: second.offsets[3] },
    ]);
  });

  test('tells a torn tail from damage in the middle', async () => {
    const torn = writeLog(temporaryDirectory(), txnsOf(1, 5), { paddingBytes: 0 });
    fs.truncateSync(torn.path, torn.offsets[4]! + 33);
    expect(await verify(torn.path)).toMatchObject({
      exit: 1,
      findings: [{ code: 'LOG_TORN_TAIL', severity: 'warning', offset: torn.offsets[4] }],
    });

    const damaged = writeLog(temporaryDirectory(), txnsOf(1, 5));
    flipByte(damaged.path, damaged.offsets[2]! + 60);
    expect(await verify(damaged.path)).toMatchObject({
      exit: 1,
      findings: [{ code: 'LOG_DAMAGED', severity: 'error', offset: damaged.offsets[2] }],
    });
  });

  test('any changed byte of a record is found, and never taken for a torn tail', async () => {
    const log = writeLog(temporaryDirectory(), txnsOf(1, 5));
    for (let offset = log.offsets[1]!; offset < log.offsets[2]!; offset += 3) {
      flipByte(log.path, offset);
      const { exit, findings } = await verify(log.path);
      expect(exit, `byte ${offset}`).toBe(1);
      expect(
        findings.every((finding) => finding.severity === 'error'),
        `byte ${offset}`,
      ).toBe(true);
      flipByte(log.path, offset);
    }
  });

  test('takes an unfinished write for nothing if the next log goes on with its zxid', async () => {
    const directory = temporaryDirectory();
    const first = writeLog(directory, txnsOf(1, 5), { paddingBytes: 0 });
    fs.truncateSync(first.path, first.offsets[4]! + 33);
    writeLog(directory, txnsOf(5, 8));
    expect(await verify(directory)).toMatchObject({
      exit: 0,
      findings: [{ code: 'LOG_TAIL_REPLACED', severity: 'info' }],
    });
  });

  test('tells a name that is not that of the first zxid, and an order that goes back', async () => {
    const directory = temporaryDirectory();
    writeLog(directory, txnsOf(4, 6), { name: 'log.2' });
    writeLog(directory, txnsOf(3, 4), { name: 'log.3' });
    const { findings } = await verify(directory);
    expect(findings.map((finding) => finding.code)).toEqual(['LOG_MISNAMED', 'LOG_ORDER']);
  });

  test('passes over a record that stands twice', async () => {
    const log = writeLog(temporaryDirectory(), [...txnsOf(1, 3), ...txnsOf(3, 4)]);
    expect(await verify(log.path)).toMatchObject({
      exit: 0,
      findings: [{ code: 'LOG_DUPLICATE', severity: 'info', offset: log.offsets[3] }],
    });
  });

  test.each([
    ['something else', 'a text and no log at all', 'LOG_FOREIGN', 1],
    ['nothing', '', 'LOG_EMPTY', 0],
  ])('of a file with %s says so', async (_what, content, code, exit) => {
    const file = path.join(temporaryDirectory(), 'log.1');
    fs.writeFileSync(file, content);
    expect(await verify(file)).toMatchObject({ exit, findings: [{ code }] });
  });

  test('of a directory without logs fails, and of none is a wrong argument', async () => {
    const directory = temporaryDirectory();
    expect(await zooid('log', 'verify', directory)).toMatchObject({ code: 1 });
    expect(await zooid('log', 'verify', path.join(directory, 'x'))).toMatchObject({ code: 2 });
  });
});
