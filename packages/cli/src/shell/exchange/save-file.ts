import { createWriteStream, type WriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/**
 * A file that appears whole or not at all: it is written beside its place and renamed at the end. Gzip if its name ends in `.gz`. Readable to its
 * owner only, for it may hold secrets.
 *
 * @param write - gives the text, piece by piece.
 */
export async function saveFile(file: string, pieces: AsyncIterable<string>): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}`);
  const output = createWriteStream(temporary, { mode: 0o600, flags: 'wx' });
  const input: Writable = file.endsWith('.gz') ? gzipInto(output) : output;
  const isDone = finished(output);
  // Told of below; until then nobody listens.
  isDone.catch(() => {});
  try {
    for await (const piece of pieces) {
      if (!input.write(piece)) await Promise.race([drained(input), isDone]);
    }
    input.end();
    await isDone;
    await rename(temporary, file);
  } catch (error) {
    output.destroy();
    await rm(temporary, { force: true });
    throw error;
  }
}

function gzipInto(output: WriteStream): Writable {
  const gzip = createGzip();
  gzip.pipe(output);
  return gzip;
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => stream.once('drain', resolve));
}
