import {
  countingFrom,
  SHARD_DIGITS,
  shardName,
  Tape,
  type TapeFrame,
  UNIQUE_DIGITS,
  uniqueName,
} from './tape.ts';
import {
  writeCreate,
  writeDelete,
  writeExists,
  writeGetChildren,
  writeGetData,
  writeSetData,
} from './wire/request-frames.ts';

/** What is asked of the server. */
export const workloadNames = [
  'get',
  'exists',
  'getChildren',
  'set',
  'create',
  'mixed-90-10',
  'mixed-50-50',
] as const;

export type WorkloadName = (typeof workloadNames)[number];

/** Znodes that reads and sets go to. */
export const KEY_COUNT = 1_000;
/** Children of each directory that getChildren asks for. */
export const CHILD_COUNT = 10;
/** Directories that getChildren asks for. */
export const DIRECTORY_COUNT = 100;
/** Frames of a tape; a multiple of ten, so that mixes come out even. */
const FRAME_COUNT = 500;

const HEADER_BYTES = 16;
const STAT_BYTES = 68;

/** Where the benchmark keeps its znodes on the server. */
export class Layout {
  readonly root: string;
  readonly valueBytes: number;

  constructor(root: string, valueBytes: number) {
    this.root = root;
    this.valueBytes = valueBytes;
  }

  key(index: number): string {
    return `${this.root}/keys-${this.valueBytes}/key-${String(index).padStart(4, '0')}`;
  }

  directory(index: number): string {
    return `${this.root}/directories/directory-${String(index).padStart(3, '0')}`;
  }

  /** Parent of what the create workload makes. */
  get created(): string {
    return `${this.root}/created`;
  }

  /** Parent of the bulk znode with that number: 256 of them share all. */
  bulkParent(unique: number): string {
    return `${this.root}/bulk/${shardName(unique)}`;
  }

  bulk(unique: number): string {
    return `${this.bulkParent(unique)}/${uniqueName(unique)}`;
  }

  value(): Uint8Array {
    return new Uint8Array(this.valueBytes).fill(0x76);
  }
}

/** The tape of a workload. `batchFramesMax` is the outstanding count of the shape it is for. */
export function workloadTape(
  name: WorkloadName,
  layout: Layout,
  batchFramesMax: number,
  uniqueStart: number,
): Tape {
  const frames: TapeFrame[] = [];
  const indexes = shuffledIndexes(FRAME_COUNT);
  for (let i = 0; i < FRAME_COUNT; i++) frames.push(workloadFrame(name, layout, i, indexes[i]!));
  return new Tape(frames, batchFramesMax, countingFrom(uniqueStart));
}

/** @param index - a number below {@link FRAME_COUNT}, each once, in no particular order. */
function workloadFrame(
  name: WorkloadName,
  layout: Layout,
  position: number,
  index: number,
): TapeFrame {
  // Every second key: the order is shuffled, the spread is even.
  const key = layout.key((index * 2) % KEY_COUNT);
  switch (name) {
    case 'get':
      return getFrame(layout, key);
    case 'exists':
      return {
        write: (writer) => writeExists(writer, 0, key),
        replyLength: HEADER_BYTES + STAT_BYTES,
      };
    case 'getChildren':
      return getChildrenFrame(layout.directory(index % DIRECTORY_COUNT));
    case 'set':
      return setFrame(layout, key);
    case 'create':
      return uniqueCreateFrame(`${layout.created}/${uniqueName(0)}`, layout.value());
    case 'mixed-90-10':
      return index % 10 === 0 ? setFrame(layout, key) : getFrame(layout, key);
    case 'mixed-50-50':
      return position % 2 === 0 ? setFrame(layout, key) : getFrame(layout, key);
  }
}

function getFrame(layout: Layout, key: string): TapeFrame {
  return {
    write: (writer) => writeGetData(writer, 0, key, 'no-watch'),
    replyLength: HEADER_BYTES + 4 + layout.valueBytes + STAT_BYTES,
  };
}

function setFrame(layout: Layout, key: string): TapeFrame {
  const value = layout.value();
  return {
    write: (writer) => writeSetData(writer, 0, key, value),
    replyLength: HEADER_BYTES + STAT_BYTES,
  };
}

function getChildrenFrame(directory: string): TapeFrame {
  return {
    write: (writer) => writeGetChildren(writer, 0, directory),
    replyLength: HEADER_BYTES + 4 + CHILD_COUNT * (4 + childName(0).length),
  };
}

function uniqueCreateFrame(path: string, value: Uint8Array): TapeFrame {
  return {
    write: (writer) => writeCreate(writer, 0, path, value),
    replyLength: HEADER_BYTES + 4 + path.length,
    uniqueOffset: uniqueOffsetOf(path),
  };
}

/** Digits stand at the end of the path, which follows length, xid, op and its own length. */
function uniqueOffsetOf(path: string): number {
  return 16 + path.length - UNIQUE_DIGITS;
}

/** Name of a child of a {@link Layout.directory}. */
export function childName(index: number): string {
  return `child-${index}`;
}

/** Creates bulk znodes, for loading a tree. */
export function bulkCreateTape(layout: Layout, batchFramesMax: number): Tape {
  const frame = uniqueCreateFrame(layout.bulk(0), layout.value());
  const withShard = { ...frame, shardOffset: shardOffsetOf(layout.bulk(0)) };
  return new Tape(repeated(withShard), batchFramesMax, countingFrom(0));
}

/** Sets bulk znodes in an order that jumps about the whole tree of `znodes` bulk znodes. */
export function bulkSetTape(layout: Layout, batchFramesMax: number, znodes: number): Tape {
  const path = layout.bulk(0);
  const frame = {
    ...setFrame(layout, path),
    uniqueOffset: uniqueOffsetOf(path),
    shardOffset: shardOffsetOf(path),
  };
  // A prime that divides no round number: every znode is reached.
  return new Tape(repeated(frame), batchFramesMax, { start: 0, stride: 7_919, modulus: znodes });
}

/** Deletes what the create workload made with the numbers from `start` on. */
export function deleteCreatedTape(layout: Layout, batchFramesMax: number, start: number): Tape {
  const path = `${layout.created}/${uniqueName(0)}`;
  const frame: TapeFrame = {
    write: (writer) => writeDelete(writer, 0, path),
    replyLength: HEADER_BYTES,
    uniqueOffset: uniqueOffsetOf(path),
  };
  return new Tape(repeated(frame), batchFramesMax, countingFrom(start));
}

function repeated(frame: TapeFrame): readonly TapeFrame[] {
  return Array.from({ length: 100 }, () => frame);
}

/** The shard is the directory that the znode lies in. */
function shardOffsetOf(path: string): number {
  return uniqueOffsetOf(path) - 1 - SHARD_DIGITS;
}

/** 0 to `count` - 1 in an order that looks random and is the same in every run. */
function shuffledIndexes(count: number): Int32Array {
  const indexes = Int32Array.from({ length: count }, (_, i) => i);
  let state = 12345;
  for (let i = count - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    const swapped = indexes[i]!;
    indexes[i] = indexes[j]!;
    indexes[j] = swapped;
  }
  return indexes;
}
