import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BadVersionError, type NodeData } from '@zooid/client';
import { isSystemError } from '../../exit.ts';
import type { ShellCommand, ShellContext } from '../command.ts';
import { tryBase64, tryText } from '../exchange/tree-node.ts';
import { explain, ShellError } from '../shell-error.ts';
import { printStat, statJson } from '../stat-text.ts';
import { assertPath, nameOf } from '../znode-path.ts';

const EDITOR_DEFAULT = 'vi';

export const edit: ShellCommand = {
  name: 'edit',
  usage: '[-b] [-s] path',
  summary: 'opens the data of a znode in $EDITOR, and writes it if nobody else has meanwhile',
  options: {
    b: { help: 'as base64: for data that is no text' },
    s: { help: 'print the stat' },
  },
  operandsMin: 1,
  run: async (context, args) => {
    const { zk, print, json, signal } = context;
    const [path = ''] = args.operands;
    assertPath(path);
    const node = await zk.get(path, { signal });
    const before = textOf(node, path, args.has('b') ? 'base64' : 'text');
    const directory = await mkdtemp(join(tmpdir(), 'zooid-edit-'));
    const file = join(directory, nameOf(path) === '' ? 'root' : nameOf(path));
    await writeFile(file, before, { mode: 0o600 });
    const after = await edited(context, file, before).catch((error: unknown) => {
      throw keeping(error, file);
    });
    if (after === before) {
      await rm(directory, { recursive: true });
      print('Nothing was changed.');
      json({ changed: false, stat: statJson(node.stat) });
      return;
    }
    try {
      const data = args.has('b') ? base64Of(after) : after;
      const stat = await zk.set(path, data, { version: node.stat.version, signal });
      await rm(directory, { recursive: true });
      if (args.has('s')) printStat(context, stat);
      json({ changed: true, stat: statJson(stat) });
    } catch (error) {
      throw keeping(error, file);
    }
  },
};

function textOf(node: NodeData, path: string, form: 'text' | 'base64'): string {
  if (form === 'base64') return Buffer.from(node.data).toString('base64');
  const text = tryText(node.data);
  if (text === undefined)
    throw new ShellError(`the data of ${path} is no text; -b opens it as base64`, { path });
  return text;
}

function base64Of(text: string): Uint8Array {
  const bytes = tryBase64(text.replaceAll(/\s/g, ''));
  if (bytes === undefined) throw new ShellError('the data is not base64');
  return bytes;
}

/** What the editor has left in the file. */
async function edited(context: ShellContext, file: string, before: string): Promise<string> {
  const { keyboard } = context;
  await (keyboard === undefined ? runEditor(file) : keyboard.lend(() => runEditor(file)));
  const after = await readFile(file, 'utf8');
  // Editors end the last line, whether or not it was.
  return !before.endsWith('\n') && after.endsWith('\n') ? after.slice(0, -1) : after;
}

/** Through a shell, as git does: the variable may hold arguments. */
function runEditor(file: string): Promise<void> {
  const { VISUAL, EDITOR } = process.env;
  const editor = VISUAL || EDITOR || EDITOR_DEFAULT;
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, editor, file], { stdio: 'inherit' });
    child.on('error', (error) => reject(new ShellError(`${editor}: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new ShellError(`${editor} ended with ${signal ?? code}: nothing was written`));
    });
  });
}

/** The error, with the place where the work of the person is. */
function keeping(error: unknown, file: string): unknown {
  const kept = `What you wrote is in ${file}`;
  if (error instanceof BadVersionError)
    return new ShellError(`somebody else has changed ${error.path} meanwhile. ${kept}`, {
      code: 'BAD_VERSION',
      path: error.path,
    });
  const explained = explain(error);
  if (explained === undefined)
    return isSystemError(error) ? new ShellError(`${error.message}. ${kept}`) : error;
  const { message, code, path } = explained;
  return new ShellError(`${message}. ${kept}`, { code, path });
}
