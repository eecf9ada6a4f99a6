// Conversations with the shell on a server of ours. `-u` writes the answers anew. Names say how they are played: json with `--json`, terminal
// on a terminal of 60 columns.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestServer } from '@zooid/testing';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { shellCommandNames } from '../../src/shell/command-list.ts';
import { playTranscript } from '../support/play-transcript.ts';

const directory = join(import.meta.dirname, 'transcripts');
const names = readdirSync(directory);

function read(name: string): string {
  return readFileSync(join(directory, name), 'utf8');
}

describe('a transcript of the shell', () => {
  test.each(names)('%s', async (name) => {
    const files = mkdtempSync(join(tmpdir(), 'zooid-transcript-'));
    onTestFinished(() => rmSync(files, { recursive: true }));
    // What `edit` opens: port 80 becomes port 81, other text stays.
    vi.stubEnv('VISUAL', '');
    vi.stubEnv('EDITOR', 'sed -i s/80/81/');
    onTestFinished(() => void vi.unstubAllEnvs());
    await using server = await startTestServer();
    const played = await playTranscript(read(name), server.connectString, {
      usesJson: name.includes('json'),
      columns: name.includes('terminal') ? 60 : undefined,
      words: { DIRECTORY: files },
    });
    await expect(played).toMatchFileSnapshot(join(directory, name));
  });
});

describe('with --json', () => {
  const lines = names.filter((name) => name.includes('json')).flatMap((n) => read(n).split('\n'));

  test('every command answers', () => {
    const typed = new Set(lines.map((line) => /^> (\w+)/.exec(line)?.[1]));
    const others = shellCommandNames.filter((name) => !typed.has(name));
    // `watch -f` answers until it is cancelled, `redo` is the line that it runs again; both have tests of their own.
    expect(others).toEqual(['exit', 'redo', 'watch']);
  });

  test('each answer, remark and error is one line of JSON', () => {
    for (const line of lines.filter((text) => text !== '' && !text.startsWith('> ')))
      expect(() => JSON.parse(line.replace(/^! /, ''))).not.toThrow();
  });
});
