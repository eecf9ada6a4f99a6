import fs from 'node:fs';
import path from 'node:path';
import { DataTree, MEMORY_BLOCK_BYTES } from '@zooid/core';
import { describe, expect, test } from 'vitest';
import { MemoryWarmer } from '../../src/disk/memory-warmer.ts';
import { runInTurns } from '../../src/disk/steps.ts';
import { temporaryDirectory } from './support.ts';

function fileOf(bytes: number): string {
  const file = path.join(temporaryDirectory(), 'file');
  fs.writeFileSync(file, new Uint8Array(bytes).fill(0x55));
  return file;
}

describe('memory made ready for a tree', () => {
  test('is provided while the tree wants it, and not when it was stopped', async () => {
    const blocks: ArrayBuffer[] = [];
    let warmer: MemoryWarmer | undefined;
    await new Promise<void>((resolve) => {
      warmer = MemoryWarmer.open(fileOf(8 * MEMORY_BLOCK_BYTES), {
        get wantsMemory() {
          return blocks.length < 5;
        },
        provideMemory: (block) => {
          blocks.push(block);
          if (blocks.length < 5) warmer!.run();
          else resolve();
        },
      });
      warmer!.run();
    });
    warmer!.stop();
    for (const block of blocks) {
      expect(block.byteLength).toBe(MEMORY_BLOCK_BYTES);
      expect(new Uint8Array(block)[MEMORY_BLOCK_BYTES - 1]).toBe(0x55);
    }
    expect(new Set(blocks).size).toBe(blocks.length);
  });

  test('is not made for small files, nor for none', () => {
    const tree = new DataTree({ digestEnabled: true });
    expect(MemoryWarmer.open(fileOf(MEMORY_BLOCK_BYTES), tree)).toBe(undefined);
    expect(MemoryWarmer.open(path.join(temporaryDirectory(), 'none'), tree)).toBe(undefined);
    expect(MemoryWarmer.open(undefined, tree)).toBe(undefined);
  });

  test('is wanted by a tree only while it is loaded, and used by it', () => {
    const tree = new DataTree({ digestEnabled: true });
    expect(tree.wantsMemory).toBe(false);
    tree.clearForLoad();
    const before = tree.memoryBytes;
    for (; tree.wantsMemory; ) {
      tree.provideMemory(new Uint8Array(MEMORY_BLOCK_BYTES).fill(0xff).buffer);
    }
    tree.finishLoad();
    expect(tree.wantsMemory).toBe(false);
    // The special znodes are in the first of them.
    expect(tree.memoryBytes).toBeLessThanOrEqual(before + MEMORY_BLOCK_BYTES);
    expect(tree.digest).toBe(new DataTree({ digestEnabled: true }).digest);
  });
});

describe('work in turns', () => {
  test('lets others have the event loop between steps, and returns what it comes to', async () => {
    const seen: string[] = [];
    const work = function* () {
      seen.push('first');
      setImmediate(() => seen.push('other'));
      yield;
      seen.push('second');
      return 7;
    };
    const done = runInTurns(work(), () => seen.push('go on'));
    expect(await done).toBe(7);
    expect(seen).toEqual(['first', 'other', 'go on', 'second']);
  });

  test('ends where it is when it is given up, and leaves nothing open', async () => {
    let isOpen = true;
    const work = function* () {
      try {
        for (;;) yield;
      } finally {
        isOpen = false;
      }
    };
    const error = new Error('enough');
    await expect(
      runInTurns(work(), () => {
        throw error;
      }),
    ).rejects.toBe(error);
    expect(isOpen).toBe(false);
  });
});
