// Conversations with the shell. The files hold lines that are typed, after "> ", and what is answered; what goes to the standard error has a
// "! " before it.

import picocolors from 'picocolors';
import { runLine } from '../../src/shell/run-line.ts';
import { ShellState, type ShellStreams } from '../../src/shell/shell-state.ts';
import { createScreen, type Keyboard } from '../../src/terminal/screen.ts';

/** How a transcript is played. */
export interface Play {
  readonly usesJson: boolean;
  /** Columns of the terminal; undefined: a pipe. */
  readonly columns?: number | undefined;
  readonly keyboard?: Keyboard | undefined;
  /** What stands in the transcript for what differs from run to run, such as a directory: the word, and what it stands for. */
  readonly words?: Readonly<Record<string, string>>;
}

const never = new AbortController().signal;

/** Runs the lines of a transcript on a server; returns it with the answers of now, without what differs from run to run. */
export async function playTranscript(
  transcript: string,
  connectString: string,
  { usesJson, columns, keyboard, words = {} }: Play,
): Promise<string> {
  let answer = '';
  const out = (text: string) => {
    answer += text;
  };
  const streams: ShellStreams = {
    out,
    error: (text) => {
      answer += text.replaceAll(/^(?=.)/gm, '! ');
    },
    screen:
      columns === undefined
        ? undefined
        : createScreen(out, () => columns, picocolors.createColors(false)),
    keyboard,
  };
  const modes = { usesJson, printsWatches: false };
  const shell = new ShellState(connectString, {}, streams, modes);
  await shell.connect(connectString);
  for (const line of transcript.split('\n').filter((text) => text.startsWith('> '))) {
    answer += `${line}\n`;
    let typed = line.slice(2);
    for (const [word, meaning] of Object.entries(words)) typed = typed.replaceAll(word, meaning);
    await runLine(shell, streams, typed, never, 'person');
  }
  shell.printsWatches = false;
  await shell.close();
  let written = answer
    .replaceAll(/(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} \d\d \d\d:\d\d:\d\d \w+ \d{4}/g, 'DATE')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'DATE')
    .replaceAll(/0x[0-9a-f]{13,16}\b/g, 'SESSION')
    .replaceAll(/zooid-\d+\.\d+\.\d+/g, 'zooid-VERSION')
    .replaceAll(connectString, 'HOSTS');
  for (const [word, meaning] of Object.entries(words)) written = written.replaceAll(meaning, word);
  return written;
}
