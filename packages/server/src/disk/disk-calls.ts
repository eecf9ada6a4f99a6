import fs from 'node:fs';

/** The calls of `node:fs` by which files are written: a seam, so that tests can let a disk fail or tear. */
export type DiskCalls = Pick<
  typeof fs,
  'open' | 'write' | 'ftruncate' | 'fdatasync' | 'fsync' | 'close'
>;

/** The real disk. */
export const realDisk: DiskCalls = fs;
