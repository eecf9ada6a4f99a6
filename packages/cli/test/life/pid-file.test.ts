import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { claimPidFile, readPidFile, removePidFile } from '../../src/life/pid-file.ts';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'zooid-pid-'));
  file = join(directory, 'pid');
  onTestFinished(() => rmSync(directory, { recursive: true }));
});

describe('a pid file', () => {
  test('holds a number, or counts as none', () => {
    expect(readPidFile(file)).toBeUndefined();
    for (const [text, pid] of [
      ['123\n', 123],
      ['', undefined],
      ['-1', undefined],
      ['0', undefined],
      ['1', undefined],
      ['x', undefined],
    ] as const) {
      writeFileSync(file, text);
      expect([text, readPidFile(file)]).toEqual([text, pid]);
    }
  });

  test('is of whom it was first', () => {
    expect(claimPidFile(file, 11)).toBe('claimed');
    expect(claimPidFile(file, 12)).toBe('taken');
    expect(readPidFile(file)).toBe(11);
    expect(readdirSync(directory)).toEqual(['pid']);
  });

  test('that cannot be made is not there in part', () => {
    expect(() => claimPidFile(join(directory, 'missing', 'pid'), 11)).toThrow('ENOENT');
    expect(readdirSync(directory)).toEqual([]);
  });

  test('is never seen without its number', async () => {
    // Another process makes it again and again, as two starts at the same moment do.
    const module = new URL('../../src/life/pid-file.ts', import.meta.url).href;
    const program = `import { claimPidFile } from ${JSON.stringify(module)};
      import { rmSync } from 'node:fs';
      const file = process.argv.at(-1);
      for (let i = 0; i < 500; i++) { claimPidFile(file, 4711); rmSync(file); }`;
    const tsx = import.meta.resolve('tsx');
    const child = spawn(process.execPath, [
      ...['--import', tsx, '--input-type=module', '--eval', program, '--', file],
    ]);
    const ended = once(child, 'exit');
    const seen = new Set<string>();
    while (child.exitCode === null && child.signalCode === null) {
      for (let i = 0; i < 200; i++) {
        try {
          seen.add(readFileSync(file, 'utf8'));
        } catch {
          // It is gone again.
        }
      }
      await new Promise((resume) => setImmediate(resume));
    }
    expect(await ended).toEqual([0, null]);
    expect([...seen]).toEqual(['4711']);
  });

  test('goes with the number that it was said to hold, and stays with another', () => {
    removePidFile(file, 11);
    writeFileSync(file, '11');
    removePidFile(file, 12);
    removePidFile(file, undefined);
    expect(readPidFile(file)).toBe(11);
    removePidFile(file, 11);
    expect(readdirSync(directory)).toEqual([]);
    writeFileSync(file, '');
    removePidFile(file, undefined);
    expect(readdirSync(directory)).toEqual([]);
  });
});
