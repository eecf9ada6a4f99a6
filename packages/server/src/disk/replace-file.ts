import path from 'node:path';
import { type FileCalls, realFiles, syncDirectory } from './file-calls.ts';

/** Ends the name of a file that is being written; a crash may leave it, and the next writing replaces it. */
const TEMPORARY_SUFFIX = '.tmp';

/**
 * Writes a whole small file. When it returns, the content is durable; a crash before that leaves the file as it was or as it
 * should be.
 *
 * @param content - text, each character one byte of the file or UTF-8, as `encoding` says.
 * @throws what the system says; the file is as it was then, or as it should be.
 */
export function replaceFile(
  file: string,
  content: string,
  encoding: 'utf8' | 'latin1',
  files: FileCalls = realFiles,
): void {
  const temporary = `${file}${TEMPORARY_SUFFIX}`;
  const bytes = Buffer.from(content, encoding);
  const fd = files.openSync(temporary, 'w', 0o644);
  try {
    let written = 0;
    while (written < bytes.byteLength)
      written += files.writeSync(fd, bytes, written, bytes.byteLength - written, written);
    // Before the rename: else a power cut could leave the name with nothing behind it.
    files.fsyncSync(fd);
  } finally {
    files.closeSync(fd);
  }
  files.renameSync(temporary, file);
  syncDirectory(path.dirname(file), files);
}
