/**
 * The admin command `restore`: a snapshot that comes over HTTP takes the place of everything.
 *
 *     body ──► tmp.snapshot.upload ──checksum, every record, digest──► a tree beside the one in force
 *          ──► a durable snapshot of it ──► requests wait, those in work are finished ──► swap on disk, swap in memory
 *
 * Up to the last arrow nothing has changed and any error is only an answer. Decides what is accepted; how
 * the swap survives a crash is in `disk/state-swap.ts`.
 */

import fs from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AssertionError, DIGEST_VERSION, NewState, type ServerCore } from '@zooid/core';
import { MalformedError } from '@zooid/protocol';
import { quickSnapshotFlaw } from './disk/snapshot-check.ts';
import { loadSnapshot } from './disk/snapshot-loader.ts';
import { hasCompressionMagic } from './disk/snapshot-source.ts';
import { runInTurns } from './disk/steps.ts';

/** The name of what is being received; begins like any unfinished snapshot, so the next server removes it. */
const UPLOAD_NAME = 'tmp.snapshot.upload';

/** Room on the disk that a body may not take: a transaction log that finds none ends the server. */
const FREE_BYTES_MIN = 64 * 1024 * 1024;
/** Bytes after which the room is looked at again. */
const ROOM_STEP_BYTES = 4 * 1024 * 1024;

/** What was sent is no snapshot that can be restored. Nothing has changed. */
export class SnapshotRefusedError extends Error {
  readonly code = 'SNAPSHOT_REFUSED';

  constructor(reason: string, options?: ErrorOptions) {
    super(`the snapshot is refused: ${reason}`, options);
    this.name = 'SnapshotRefusedError';
  }
}

/**
 * Receives a snapshot and reads it into a state of its own, while the server goes on. Memory: one tree more.
 *
 * @param directory - for the bytes while they arrive: `version-2` under dataDir.
 * @param digest - whether trees keep one, which then must be the one that the snapshot states.
 * @throws SnapshotRefusedError; a system error, for a full disk above all; the reason of `signal`.
 */
export async function receiveState(
  core: Pick<ServerCore, 'newTree'>,
  body: Readable,
  directory: string,
  digest: 'kept' | 'none',
  signal: AbortSignal,
): Promise<NewState> {
  const file = path.join(directory, UPLOAD_NAME);
  try {
    await pipeline(body, leavingRoom(directory), fs.createWriteStream(file), { signal });
    return await readState(core, file, digest, signal);
  } finally {
    fs.rmSync(file, { force: true });
  }
}

/** Passes bytes on while the disk has room for more than these. */
function leavingRoom(directory: string) {
  return async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let allowance = 0;
    for await (const chunk of chunks) {
      allowance -= chunk.byteLength;
      if (allowance < 0) {
        const { bavail, bsize } = await fs.promises.statfs(directory);
        if (bavail * bsize < FREE_BYTES_MIN + ROOM_STEP_BYTES) {
          throw new SnapshotRefusedError('the disk of dataDir has no room for it');
        }
        allowance = ROOM_STEP_BYTES;
      }
      yield chunk;
    }
  };
}

async function readState(
  core: Pick<ServerCore, 'newTree'>,
  file: string,
  digest: 'kept' | 'none',
  signal: AbortSignal,
): Promise<NewState> {
  assertUncompressed(file);
  const name = { path: file, zxid: 0, compression: 'none' } as const;
  const flaw = quickSnapshotFlaw(name);
  if (flaw !== undefined) throw new SnapshotRefusedError(flaw);
  const tree = core.newTree();
  try {
    const { sessions, tail } = await runInTurns(loadSnapshot(name, tree), () =>
      signal.throwIfAborted(),
    );
    const zxid = tail.lastZxid ?? tail.digest?.zxid;
    if (zxid === undefined || zxid < 0) {
      throw new SnapshotRefusedError(
        'it does not say which zxid it is of; a server of ZooKeeper 3.6 or later writes that',
      );
    }
    const stated = tail.digest?.version === DIGEST_VERSION ? tail.digest : undefined;
    // Of another zxid it says nothing about this tree.
    const isComparable = digest === 'kept' && stated?.zxid === zxid;
    if (isComparable && stated.digest !== tree.digest) {
      throw new SnapshotRefusedError(
        `its content has the digest ${tree.digest.toString(16)} and not ${stated.digest.toString(16)}: it was ` +
          'written while the tree changed, and holds a mixture. Take one while nobody writes, or start a server on a ' +
          'copy of the whole data directory (digest.enabled=false restores the mixture)',
      );
    }
    const state = new NewState(
      tree,
      zxid,
      new Map(sessions.map(({ id, timeoutMs }) => [id, timeoutMs])),
    );
    state.removeOrphans();
    return state;
  } catch (error) {
    const isOfTheFile = error instanceof MalformedError || error instanceof AssertionError;
    if (!isOfTheFile) throw error;
    throw new SnapshotRefusedError(error.message, { cause: error });
  }
}

function assertUncompressed(file: string): void {
  const first = new Uint8Array(8);
  const fd = fs.openSync(file, 'r');
  try {
    fs.readSync(fd, first, 0, first.byteLength, 0);
  } finally {
    fs.closeSync(fd);
  }
  for (const compression of ['gz', 'snappy'] as const) {
    if (hasCompressionMagic(first, compression)) {
      throw new SnapshotRefusedError(`it is compressed (${compression}); send what is inside`);
    }
  }
}
