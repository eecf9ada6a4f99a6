/**
 * One log file being written: groups of records one after the other, and zeros ahead of them.
 *
 *     |header|group|group|group| zeros          | hole                  |
 *                              ^ position       ^ zeroedTo              ^ size
 *
 * A synced write into blocks that have their place on disk leaves the file system nothing to journal. Measured on
 * ext4, 2 cores, groups of 20 KB, mean: 154 us into zeros, 218 us into a hole, 240 us at the end of a file that
 * grows; groups of 200 bytes: 139, 131 and 190 us. So the file grows in steps of `preallocBytes`, as Apache's
 * does (a hole, which costs nothing), and a few megabytes ahead of the position are overwritten with zeros in
 * the background, through a second descriptor that does not sync: to sync the zeros held up the log for
 * milliseconds and gained nothing.
 *
 * Danger: background zeros must never land on records. Zeros are only ever in flight at and after
 * `zeroedTo`; a group that would reach there waits for the one chunk in flight and stops the zeroing.
 */

import { constants } from 'node:fs';
import { LOG_HEADER_BYTES, writeLogHeader } from '@zooid/core';
import type { DiskCalls } from './disk-calls.ts';

/** Zeros kept ahead of the position; begins to be renewed when half of it is used up. */
const ZEROED_AHEAD_BYTES = 8 * 1024 * 1024;
/** Zeros of one background write: short enough (0.1 ms) not to hold up a group that meets it. */
const ZERO_CHUNK_BYTES = 512 * 1024;
/**
 * Bytes of one synced write. A longer group is written in several, each durable before the next begins:
 * that bounds how far apart the halves of a torn write can lie, which recovery relies on.
 */
export const GROUP_WRITE_BYTES_MAX: number = 1024 * 1024;
const BLOCK_BYTES = 4096;

const zeros = new Uint8Array(ZERO_CHUNK_BYTES);

export type WriteDone = (error: Error | null) => void;

export interface LogFileOptions {
  readonly path: string;
  /** Descriptor of the directory, synced once the file has its first group. */
  readonly directoryFd: number;
  /** Step in which the file grows; 0 for no preallocation. */
  readonly preallocBytes: number;
  /** Whether a write returns only when its bytes are on disk. */
  readonly sync: 'each-write' | 'never';
}

export class LogFile {
  readonly path: string;
  /** Where the next group goes; the header and all groups before are written. */
  position = 0;

  readonly #disk: DiskCalls;
  readonly #options: LogFileOptions;
  readonly #aheadBytes: number;
  #fd = -1;
  #size = 0;

  #zeroFd = -1;
  /** Bytes before this belong to groups or are zeros on their way to disk; no zeros are in flight before it. */
  #zeroedTo = 0;
  #zeroing: 'idle' | 'chunk' | 'off' = 'idle';
  /** What waits for the zero chunk in flight: a group, or the end of the file. */
  #afterChunk: (() => void) | undefined;

  constructor(disk: DiskCalls, options: LogFileOptions) {
    this.#disk = disk;
    this.#options = options;
    this.path = options.path;
    this.#aheadBytes =
      options.sync === 'each-write' ? Math.min(ZEROED_AHEAD_BYTES, options.preallocBytes) : 0;
    if (this.#aheadBytes === 0) this.#zeroing = 'off';
  }

  /**
   * Writes a group and calls `done` when it is durable. One at a time.
   *
   * The group is `[LOG_HEADER_BYTES, length)` of `bytes`: the room before it takes the file header when this
   * is the first one.
   */
  write(bytes: Uint8Array, length: number, done: WriteDone): void {
    if (this.#fd < 0) {
      this.#create(bytes, length, done);
      return;
    }
    this.#grow(length, () => {
      const end = this.position + length - LOG_HEADER_BYTES;
      if (this.#zeroing === 'chunk' && end > this.#zeroedTo) {
        this.#afterChunk = () => this.#writePieces(bytes, LOG_HEADER_BYTES, length, done);
      } else {
        this.#writePieces(bytes, LOG_HEADER_BYTES, length, done);
      }
    });
  }

  /** Cuts off the padding and closes the file. No write may be in flight. Never fails: the records are safe already. */
  finish(done: () => void): void {
    if (this.#zeroing === 'chunk') {
      this.#afterChunk = () => this.finish(done);
      return;
    }
    this.#zeroing = 'off';
    if (this.#zeroFd >= 0) this.#disk.close(this.#zeroFd, () => {});
    this.#zeroFd = -1;
    const fd = this.#fd;
    if (fd < 0) {
      setImmediate(done);
      return;
    }
    this.#fd = -1;
    const close = (): void => this.#disk.close(fd, () => done());
    if (this.#size > this.position) this.#disk.ftruncate(fd, this.position, close);
    else close();
  }

  /** Closes the file as it is: after a failure nothing on it is touched any more. */
  abandon(done: () => void): void {
    this.position = this.#size;
    this.finish(done);
  }

  #create(bytes: Uint8Array, length: number, done: WriteDone): void {
    // Exclusive: to write over a log is to lose it. Recovery has removed files without records.
    let flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
    if (this.#options.sync === 'each-write') flags |= constants.O_DSYNC;
    this.#disk.open(this.path, flags, 0o644, (openError, fd) => {
      if (openError !== null) {
        done(openError);
        return;
      }
      this.#fd = fd;
      writeLogHeader(bytes, 0);
      this.#grow(length, () =>
        this.#writePieces(bytes, 0, length, (writeError) => {
          if (writeError !== null || this.#options.sync === 'never') {
            done(writeError);
            return;
          }
          // The records are nowhere while the file has no name on disk.
          this.#disk.fsync(this.#options.directoryFd, (syncError) => done(syncError));
        }),
      );
    });
  }

  /** Makes the file longer when a group of `length` would come near its end. */
  #grow(length: number, next: () => void): void {
    const step = this.#options.preallocBytes;
    const needed = this.position + length + Math.max(this.#aheadBytes, BLOCK_BYTES);
    if (step <= 0 || needed <= this.#size) {
      next();
      return;
    }
    const size = Math.ceil(needed / step) * step;
    this.#disk.ftruncate(this.#fd, size, (error) => {
      // Preallocation is only for speed: if it cannot be had, the write itself will tell whether there is room.
      if (error === null) this.#size = size;
      next();
    });
  }

  #writePieces(bytes: Uint8Array, from: number, end: number, done: WriteDone): void {
    const count = Math.min(end - from, GROUP_WRITE_BYTES_MAX);
    this.#disk.write(this.#fd, bytes, from, count, this.position, (error, written) => {
      if (error !== null) {
        done(error);
      } else if (written !== count) {
        done(new ShortWriteError(written, count));
      } else {
        this.position += count;
        if (from + count < end) {
          this.#writePieces(bytes, from + count, end, done);
        } else {
          // Before `done`, which may begin the next group at once: that must find the zeroing already begun.
          this.#zeroAhead();
          done(null);
        }
      }
    });
  }

  /** Begins to write zeros ahead if less than half of them is left. */
  #zeroAhead(): void {
    if (this.#zeroing !== 'idle' || this.#fd < 0) return;
    if (this.#zeroedTo - this.position > this.#aheadBytes / 2) return;
    this.#zeroedTo = Math.max(this.#zeroedTo, roundUp(this.position));
    const end = Math.min(roundUp(this.position) + this.#aheadBytes, this.#size);
    if (this.#zeroedTo >= end) return;
    this.#zeroing = 'chunk';
    if (this.#zeroFd >= 0) {
      this.#zeroChunk(end);
      return;
    }
    this.#disk.open(this.path, constants.O_WRONLY, (error, fd) => {
      if (error !== null) {
        this.#stopZeroing('off');
        return;
      }
      this.#zeroFd = fd;
      this.#zeroChunk(end);
    });
  }

  #zeroChunk(end: number): void {
    const count = Math.min(end - this.#zeroedTo, ZERO_CHUNK_BYTES);
    this.#disk.write(this.#zeroFd, zeros, 0, count, this.#zeroedTo, (error, written) => {
      if (error !== null || written !== count) {
        // A disk that is nearly full: what room there is is for records.
        this.#stopZeroing('off');
        return;
      }
      this.#zeroedTo += count;
      if (this.#afterChunk !== undefined) {
        this.#stopZeroing('idle');
      } else if (this.#zeroedTo < end) {
        this.#zeroChunk(end);
      } else {
        this.#stopZeroing('idle');
      }
    });
  }

  #stopZeroing(state: 'idle' | 'off'): void {
    this.#zeroing = state;
    const next = this.#afterChunk;
    this.#afterChunk = undefined;
    next?.();
  }
}

/** The system took fewer bytes than it was given: the disk is full or a limit is reached. */
class ShortWriteError extends Error {
  readonly code = 'ENOSPC';

  constructor(written: number, count: number) {
    super(`short write: ${written} of ${count} bytes`);
    this.name = 'ShortWriteError';
  }
}

function roundUp(position: number): number {
  return Math.ceil(position / BLOCK_BYTES) * BLOCK_BYTES;
}
