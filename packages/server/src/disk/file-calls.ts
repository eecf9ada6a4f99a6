import fs from 'node:fs';

/** The calls of `node:fs` by which small files are replaced and logs are cut: a seam, so that tests can stop in between. */
export type FileCalls = Pick<
  typeof fs,
  | 'openSync'
  | 'writeSync'
  | 'ftruncateSync'
  | 'fsyncSync'
  | 'closeSync'
  | 'renameSync'
  | 'unlinkSync'
>;

/** The real files. */
export const realFiles: FileCalls = fs;

/** Makes new, removed and changed names in a directory durable. */
export function syncDirectory(directory: string, files: FileCalls = realFiles): void {
  const fd = files.openSync(directory, 'r');
  try {
    files.fsyncSync(fd);
  } finally {
    files.closeSync(fd);
  }
}
