// Reading a file of znodes, in our form or ZooNavigator's, plain or gzip.

import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { isSystemError } from '../../exit.ts';
import { ShellError } from '../shell-error.ts';
import { assertPath } from '../znode-path.ts';
import { JsonShapeError, jsonElements } from './json-elements.ts';
import { FORMAT, FORMAT_VERSION, isRecord, readTreeNode, type TreeNode } from './tree-node.ts';
import { readNavigatorTrees } from './zoo-navigator.ts';

/** ZooNavigator writes and reads one transaction: a server takes a megabyte, or a few. */
const NAVIGATOR_CHARACTERS_MAX = 64 * 1024 * 1024;

/** A file that has been read to its end once: it is whole, and each of its znodes is one. */
export interface TreeFile {
  readonly form: 'zooid' | 'zoonavigator';
  /** Where its znodes were; undefined where the form does not tell. */
  readonly root: string | undefined;
  readonly count: number;
  /** Its znodes, parents before their children. In our form the file is read anew, a piece at a time. */
  readonly nodes: () => AsyncIterable<TreeNode>;
}

/** @throws ShellError for a file that cannot be read, is not whole, or holds something else; its message says where. */
export async function openTreeFile(file: string): Promise<TreeFile> {
  try {
    // It is read twice, which a pipe cannot.
    if (!statSync(file).isFile()) throw new ShellError(`${file} is no regular file`);
    const first = await firstCharacter(file);
    return first === '[' ? await openNavigatorFile(file) : await openOwnFile(file);
  } catch (error) {
    throw explained(file, error);
  }
}

async function openOwnFile(file: string): Promise<TreeFile> {
  let count = 0;
  let frame: unknown;
  for await (const piece of jsonElements(charactersOf(file), 'nodes')) {
    if (piece.kind === 'frame') frame = parse(piece.text, 'around the nodes');
    else nodeOf(piece.text, ++count);
  }
  if (!isRecord(frame) || frame['format'] !== FORMAT)
    throw new Error(`it is no file of znodes: it has no "format": "${FORMAT}"`);
  if (frame['version'] !== FORMAT_VERSION)
    throw new Error(
      `it has version ${JSON.stringify(frame['version'])}, this zooid reads ${FORMAT_VERSION}`,
    );
  const { root } = frame;
  if (typeof root !== 'string') throw new Error('it has no root');
  assertPath(root);
  return { form: 'zooid', root, count, nodes: () => ownNodes(file) };
}

async function* ownNodes(file: string): AsyncGenerator<TreeNode> {
  let count = 0;
  try {
    for await (const piece of jsonElements(charactersOf(file), 'nodes')) {
      if (piece.kind === 'element') yield nodeOf(piece.text, ++count);
    }
  } catch (error) {
    throw explained(file, error);
  }
}

function nodeOf(text: string, number: number): TreeNode {
  const value = parse(text, `in znode ${number}`);
  try {
    return readTreeNode(value);
  } catch (error) {
    const path = isRecord(value) && typeof value['path'] === 'string' ? ` (${value['path']})` : '';
    throw new Error(`znode ${number}${path}: ${(error as Error).message}`);
  }
}

async function openNavigatorFile(file: string): Promise<TreeFile> {
  let text = '';
  for await (const chunk of charactersOf(file)) {
    text += chunk;
    if (text.length > NAVIGATOR_CHARACTERS_MAX)
      throw new Error(`it is larger than ${NAVIGATOR_CHARACTERS_MAX} characters`);
  }
  const nodes = readNavigatorTrees(parse(text, ''));
  return {
    form: 'zoonavigator',
    root: undefined,
    count: nodes.length,
    nodes: async function* () {
      yield* nodes;
    },
  };
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`it is no JSON ${where}: ${(error as Error).message}`.replace(' :', ':'));
  }
}

async function firstCharacter(file: string): Promise<string> {
  for await (const chunk of charactersOf(file)) {
    const first = chunk.trimStart()[0];
    if (first !== undefined) return first;
  }
  throw new JsonShapeError('it is empty');
}

/** The text of a file, inflated if need be. */
async function* charactersOf(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const source = createReadStream(file);
  // An error of either ends both, and is thrown by the loop.
  const bytes = isGzip(file) ? pipeline(source, createGunzip(), () => {}) : source;
  for await (const chunk of bytes) {
    yield decoder.decode(chunk as Uint8Array, { stream: true });
  }
  yield decoder.decode();
}

function isGzip(file: string): boolean {
  const descriptor = openSync(file, 'r');
  try {
    const first = Buffer.alloc(2);
    readSync(descriptor, first, 0, 2, 0);
    return first[0] === 0x1f && first[1] === 0x8b;
  } finally {
    closeSync(descriptor);
  }
}

function explained(file: string, error: unknown): unknown {
  if (error instanceof ShellError) return error;
  if (!(error instanceof Error)) return error;
  if (isSystemError(error)) {
    if (error.code === 'ENOENT') return new ShellError(`${file} does not exist`);
    if (error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      return new ShellError(`${file}: it is no UTF-8 text`);
    if (error.code === 'Z_BUF_ERROR') return new ShellError(`${file}: it ends in the middle`);
    return new ShellError(`${file} cannot be read: ${error.message}`);
  }
  return new ShellError(`${file}: ${error.message}`);
}
