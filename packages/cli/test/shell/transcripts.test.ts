// Conversations with the shell. The files hold lines that are typed, after "> ", and what is answered; what goes to the standard error has a
// "! " before it. `-u` writes the answers anew.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTestServer } from '@zooid/testing';
import { describe, expect, test } from 'vitest';
import { runLine } from '../../src/shell/run-line.ts';
import { ShellState } from '../../src/shell/shell-state.ts';

const directory = join(import.meta.dirname, 'transcripts');
const never = new AbortController().signal;

/** Runs the lines of a transcript on a new server; returns it with the answers of now. */
async function play(transcript: string, usesJson: boolean): Promise<string> {
  await using server = await startTestServer();
  let answer = '';
  const streams = {
    out: (text: string) => {
      answer += text;
    },
    error: (text: string) => {
      answer += text.replaceAll(/^(?=.)/gm, '! ');
    },
  };
  const shell = new ShellState(server.connectString, {}, streams, {
    usesJson,
    printsWatches: false,
  });
  await shell.connect(server.connectString);
  for (const line of transcript.split('\n').filter((text) => text.startsWith('> '))) {
    answer += `${line}\n`;
    await runLine(shell, streams, line.slice(2), never, 'person');
  }
  shell.printsWatches = false;
  await shell.close();
  return answer
    .replaceAll(/(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} \d\d \d\d:\d\d:\d\d \w+ \d{4}/g, 'DATE')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'DATE')
    .replaceAll(/0x[0-9a-f]{13,16}\b/g, 'SESSION')
    .replaceAll(/zooid-\d+\.\d+\.\d+/g, 'zooid-VERSION');
}

describe('a transcript of the shell', () => {
  test.each(readdirSync(directory))('%s', async (name) => {
    const file = join(directory, name);
    const usesJson = name.includes('json');
    const played = await play(readFileSync(file, 'utf8'), usesJson);
    await expect(played).toMatchFileSnapshot(file);
  });
});
