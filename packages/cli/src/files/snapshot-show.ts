// `zooid snapshot show`: the znodes and sessions of a snapshot, as Apache's SnapshotFormatter prints them.

import { EphemeralType, ephemeralTypeOf, isAtOrBelow, type SnapshotZnode } from '@zooid/protocol';
import { javaHex, type SnapshotName } from '@zooid/server/files';
import type { CommandContext } from '../command.ts';
import { CommandError, ExitCode } from '../exit.ts';
import { javaLongDate } from './java-time.ts';
import { base64 } from './jute-text.ts';
import { Outline, ROOT_ROW } from './outline.ts';
import { PagedText } from './paged-text.ts';
import { orRefuse, passOver } from './snapshot-pass.ts';

export interface SnapshotShowOptions {
  /** The znode that is shown with all below it; "/": everything. */
  readonly path: string;
  readonly data: 'length' | 'base64';
}

/**
 * Prints znodes in the order of the file, then the sessions. The file is read twice: the first time proves it and counts,
 * for the count stands in front. Memory: the sessions.
 *
 * @returns the exit code.
 */
export async function showSnapshot(
  name: SnapshotName,
  options: SnapshotShowOptions,
  context: CommandContext,
): Promise<number> {
  let count = 0;
  let lastZxid = Number.isNaN(name.zxid) ? -1 : name.zxid;
  let sessions: readonly { readonly id: bigint; readonly timeoutMs: number }[] = [];
  const ephemerals = new Map<bigint, number>();
  const isAll = options.path === '/';
  await orRefuse(
    name.path,
    passOver(name, context, 'comes last', {
      begin: (scan) => {
        sessions = scan.sessions;
      },
      znode: (znode) => {
        if (!isShown(znode, options)) return;
        count++;
        lastZxid = Math.max(lastZxid, znode.stat.mzxid, znode.stat.pzxid);
        const owner = znode.stat.ephemeralOwner;
        if (ephemeralTypeOf(owner, 'extended') === EphemeralType.normal)
          ephemerals.set(owner, (ephemerals.get(owner) ?? 0) + 1);
      },
    }),
  );
  if (count === 0) throw notThere(name, options.path);

  const text = new PagedText(context.output);
  // Apache counts the root twice, as "" and as "/".
  text.line(`ZNode Details (count=${isAll ? count + 1 : count}):`);
  await passOver(name, context, 'streams', {
    znode: (znode) => {
      if (isShown(znode, options)) addZnode(text, znode, options);
      return text.isFull ? text.flush() : undefined;
    },
  });
  text.line('----');
  text.line('Session Details (sid, timeout, ephemeralCount):');
  for (const { id, timeoutMs } of sessions) {
    text.line(`${paddedHex(id)}, ${timeoutMs}, ${ephemerals.get(id) ?? 0}`);
    if (text.isFull) await text.flush();
  }
  text.line('----');
  text.line(`Last zxid: 0x${javaHex(lastZxid)}`);
  text.end();
  return ExitCode.finished;
}

function isShown(znode: SnapshotZnode, { path }: SnapshotShowOptions): boolean {
  return path === '/' || isAtOrBelow(znode.path, path);
}

function notThere(name: SnapshotName, path: string): CommandError {
  return new CommandError(`There is no znode ${path} in ${name.path}.`);
}

function addZnode(text: PagedText, znode: SnapshotZnode, options: SnapshotShowOptions): void {
  const { stat, data } = znode;
  text.line('----');
  text.line(znode.path === '' ? '/' : znode.path);
  text.line(`  cZxid = ${paddedHex(stat.czxid)}`);
  text.line(`  ctime = ${javaLongDate(stat.ctime)}`);
  text.line(`  mZxid = ${paddedHex(stat.mzxid)}`);
  text.line(`  mtime = ${javaLongDate(stat.mtime)}`);
  text.line(`  pZxid = ${paddedHex(stat.pzxid)}`);
  text.line(`  cversion = ${stat.cversion}`);
  text.line(`  dataVersion = ${stat.version}`);
  text.line(`  aclVersion = ${stat.aversion}`);
  text.line(`  ephemeralOwner = ${paddedHex(stat.ephemeralOwner)}`);
  text.line(
    options.data === 'base64'
      ? `  data = ${data === null ? '' : base64(data)}`
      : `  dataLength = ${data?.byteLength ?? 0}`,
  );
}

/** Java's `%#016x`. */
function paddedHex(value: number | bigint): string {
  return `0x${javaHex(value).padStart(14, '0')}`;
}

/**
 * Prints the tree as one JSON array in the form of SnapshotFormatter's `-json`, which `ncdu -f` reads:
 *
 *     [1,0,{progname, progver, timestamp}, DIRECTORY]     DIRECTORY := ZNODE without children, or [ZNODE, DIRECTORY*]
 *
 * A file has its znodes in any order in which parents come first, this form has children inside of parents: so names and
 * lengths are held in memory ({@link Outline}).
 *
 * @returns the exit code.
 */
export async function showSnapshotJson(
  name: SnapshotName,
  path: string,
  context: CommandContext,
): Promise<number> {
  const outline = new Outline();
  await orRefuse(
    name.path,
    passOver(name, context, 'comes last', {
      znode: (znode) => {
        const row = outline.add(znode.path);
        outline.setBytes(row, znode.data?.byteLength ?? 0);
      },
    }),
  );
  const top = path === '/' ? ROOT_ROW : outline.find(path);
  if (top < 0) throw notThere(name, path);
  const text = new PagedText(context.output);
  text.add(`[1,0,{"progname":"SnapshotFormatter.java","progver":"0.01","timestamp":${Date.now()}}`);
  // ncdu takes every number for another file.
  let inode = 1000;
  let depth = outline.depth(top);
  const topDepth = depth;
  for (const row of outline.walk(top)) {
    for (; depth > outline.depth(row); depth--) text.add(']');
    const hasChildren = outline.hasChildren(row);
    inode++;
    const label = JSON.stringify(row === ROOT_ROW ? '/' : outline.name(row));
    const bytes = outline.bytes(row);
    text.add(
      `,${hasChildren ? '[' : ''}{"name":${label},"asize":${bytes},"dsize":${bytes},"dev":0,"ino":${inode}}`,
    );
    if (hasChildren) depth++;
    if (text.isFull) await text.flush();
  }
  for (; depth > topDepth; depth--) text.add(']');
  text.line(']');
  text.end();
  return ExitCode.finished;
}
