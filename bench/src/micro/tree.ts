/**
 * What the tree costs: time for each operation and memory, for a million znodes of 100 bytes.
 *
 *     npx tsx --conditions=@zooid/source bench/src/micro/tree.ts [znodes]
 *
 * Paths are prepared outside of the measured loops. "longest" is the longest single call seen by the clock,
 * and so the operating system's noise, too; all else is processor time.
 */

import { type CreateZnode, DataTree, newCreateZnode } from '@zooid/core';
import { encodeUtf8, JuteReader, JuteWriter } from '@zooid/protocol';

const count = Number(process.argv[2] ?? 1_000_000);
const megabyte = 1_000_000;
const data = new Uint8Array(100).fill(120);
const writer = new JuteWriter(1 << 20);

/** Children of one parent in the wide tree have 8-byte names; so do those of 100 in the deep one. */
const nameBytes = 8;
const names = new Uint8Array(count * nameBytes);
for (let i = 0; i < count; i++)
  names.set(encodeUtf8(`n${String(i).padStart(7, '0')}`), i * nameBytes);

function line(label: string, value: string): void {
  console.log(`${label.padEnd(58)}${value.padStart(16)}`);
}

function perCall(label: string, calls: number, ms: number): void {
  line(label, `${((ms * 1e6) / calls).toFixed(0)} ns`);
}

function rss(): number {
  return process.memoryUsage().rss;
}

/** Processor time in ms: on a machine with other work, wall-clock time says little. */
function time(run: () => void): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** The least of three runs: the first ones are compiled while they run. */
function leastTime(run: () => void): number {
  return Math.min(time(run), time(run), time(run));
}

function childOf(c: CreateZnode, name: string): void {
  c.nameBytes = encodeUtf8(name);
  c.nameStart = 0;
  c.nameEnd = c.nameBytes.length;
}

function fill(tree: DataTree, childrenOfOne: number): void {
  const c = newCreateZnode();
  c.timeMs = 1_795_000_000_000;
  childOf(c, 'bench');
  const bench = tree.create(c);
  let zxid = 1;
  c.data = data;
  c.dataEnd = data.length;
  for (let i = 0; i < count; i++) {
    if (i % childrenOfOne === 0) {
      c.parentRow = bench;
      if (childrenOfOne < count) {
        childOf(c, `directory-${i}`);
        c.parentCversion = -1;
        c.zxid = zxid++;
        c.parentRow = tree.create(c);
      }
      c.nameBytes = names;
    }
    c.nameStart = i * nameBytes;
    c.nameEnd = c.nameStart + nameBytes;
    c.zxid = zxid++;
    c.parentCversion = (i % childrenOfOne) + 1;
    tree.create(c);
  }
}

/** Paths of random znodes, one after the other, `size` bytes each. */
function randomPaths(prefix: string, size: number, calls: number): Uint8Array {
  const paths = new Uint8Array(calls * size);
  const start = encodeUtf8(prefix);
  let random = 12345;
  for (let i = 0; i < calls; i++) {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
    const node = random % count;
    paths.set(start, i * size);
    paths.set(names.subarray(node * nameBytes, (node + 1) * nameBytes), i * size + start.length);
  }
  return paths;
}

// A small tree first, so that what is measured is compiled.
function warmUp(): void {
  const tree = new DataTree({ digestEnabled: true });
  const c = newCreateZnode();
  c.data = data;
  c.dataEnd = data.length;
  for (let round = 0; round < 3; round++) {
    c.nameBytes = names;
    const rows: number[] = [];
    for (let i = 0; i < 20_000 && i < count; i++) {
      c.nameStart = i * nameBytes;
      c.nameEnd = c.nameStart + nameBytes;
      rows.push(tree.create(c));
    }
    for (const row of rows) {
      const path = encodeUtf8(tree.path(row));
      if (tree.find(path, 0, path.length) !== row) throw new Error('find is wrong');
      tree.setData(row, data, 0, 90, 1, 1, 1);
      tree.writeStat(row, writer);
      tree.writeData(row, writer);
      writer.clear();
      tree.delete(row, 1);
    }
  }
}

warmUp();

for (const [shape, childrenOfOne] of [
  ['wide: /bench/nNNNNNNN', count],
  ['deep: /bench/directory-N/nNNNNNNN, 100 in each', 100],
] as const) {
  console.log(`\n${count} znodes of ${data.length} bytes, ${shape}`);
  const before = rss();
  const tree = new DataTree({ digestEnabled: true });
  const ms = time(() => fill(tree, childrenOfOne));
  line('fill', `${ms.toFixed(0)} ms`);
  perCall('create', count, ms);
  line('resident memory more than before', `${((rss() - before) / megabyte).toFixed(0)} MB`);
  line('  held by the tree', `${(tree.memoryBytes / megabyte).toFixed(0)} MB`);
  if (childrenOfOne < count) continue;

  const calls = Math.min(count, 1_000_000);
  const paths = randomPaths('/bench/', 15, calls);
  let found = 0;
  const hotPath = encodeUtf8('/bench/a-name-of-32-bytes-in-all');
  const hotNode = newCreateZnode();
  hotNode.parentRow = tree.findPath('/bench');
  hotNode.nameBytes = hotPath;
  hotNode.nameStart = 7;
  hotNode.nameEnd = hotPath.length;
  tree.create(hotNode);
  perCall(
    'find, always the same, 32-byte path',
    calls,
    leastTime(() => {
      for (let i = 0; i < calls; i++) found += tree.find(hotPath, 0, hotPath.length);
    }),
  );
  perCall(
    'find, random, 15-byte path',
    calls,
    leastTime(() => {
      for (let i = 0; i < calls; i++) found += tree.find(paths, i * 15, i * 15 + 15);
    }),
  );
  for (let i = 0; i < calls; i++) paths[i * 15 + 7] = 109;
  perCall(
    'find, absent',
    calls,
    leastTime(() => {
      for (let i = 0; i < calls; i++)
        if (tree.find(paths, i * 15, i * 15 + 15) >= 0) throw new Error('found');
    }),
  );
  for (let i = 0; i < calls; i++) paths[i * 15 + 7] = 110;
  const rows = new Int32Array(calls);
  for (let i = 0; i < calls; i++) {
    rows[i] = tree.find(paths, i * 15, i * 15 + 15);
    if (rows[i]! < 0) throw new Error('not found');
  }
  perCall(
    'find + writeData + writeStat, random',
    calls,
    leastTime(() => {
      for (let i = 0; i < calls; i++) {
        writer.clear();
        const row = tree.find(paths, i * 15, i * 15 + 15);
        tree.writeData(row, writer);
        tree.writeStat(row, writer);
      }
    }),
  );
  const hot = rows[0]!;
  perCall(
    'writeStat, the same row',
    calls,
    leastTime(() => {
      for (let i = 0; i < calls; i++) {
        writer.clear();
        tree.writeStat(hot, writer);
      }
    }),
  );
  perCall(
    'setData of 100 bytes, random',
    calls,
    leastTime(() => {
      for (let i = 0; i < calls; i++) tree.setData(rows[i]!, data, 0, 100, i, i, i);
    }),
  );
  perCall(
    'setData of 100 and of 300 bytes, random',
    calls,
    leastTime(() => {
      const larger = new Uint8Array(300);
      for (let i = 0; i < calls; i++) {
        tree.setData(rows[i]!, larger, 0, (i & 1) === 0 ? 300 : 100, i, i, i);
      }
    }),
  );
  const c = newCreateZnode();
  c.parentRow = tree.findPath('/bench');
  c.data = data;
  c.dataEnd = 100;
  c.nameBytes = names;
  perCall(
    'delete + create, random',
    calls,
    leastTime(() => {
      for (let i = 0; i < calls; i++) {
        const row = tree.find(paths, i * 15, i * 15 + 15);
        tree.delete(row, i);
        c.nameBytes = paths;
        c.nameStart = i * 15 + 7;
        c.nameEnd = i * 15 + 15;
        tree.create(c);
      }
    }),
  );
  let slices = 0;
  let longest = 0;
  const chunks: Uint8Array[] = [];
  const aclTable = [...tree.acls.entries()];
  const imageMs = time(() => {
    writer.clear();
    const image = tree.beginImage(writer);
    for (let isDone = false; !isDone; slices++) {
      const start = performance.now();
      isDone = image.writeSlice(262_144);
      longest = Math.max(longest, performance.now() - start);
      chunks.push(writer.copy());
      writer.clear();
    }
  });
  const file = Buffer.concat(chunks);
  if (found < 0) throw new Error('not found');
  line(`image, ${slices} slices`, `${imageMs.toFixed(0)} ms`);
  line('  longest slice of 256 KB', `${longest.toFixed(2)} ms`);
  const digest = tree.digest;
  const loadMs = time(() => {
    tree.clearForLoad();
    for (const [id, acls] of aclTable) tree.acls.load(id, acls);
    const reader = new JuteReader(file);
    tree.loadNodes(reader);
    tree.finishLoad();
  });
  line(`load, ${(file.length / megabyte).toFixed(0)} MB`, `${loadMs.toFixed(0)} ms`);
  if (tree.digest !== digest) throw new Error('the loaded tree has another digest');
}

console.log(`\ngrowth: the longest single create on the way to ${count} znodes`);
{
  const tree = new DataTree({ digestEnabled: true });
  const c = newCreateZnode();
  c.nameBytes = names;
  c.data = data;
  c.dataEnd = 100;
  let longest = 0;
  for (let i = 0; i < count; i++) {
    c.nameStart = i * nameBytes;
    c.nameEnd = c.nameStart + nameBytes;
    const start = performance.now();
    tree.create(c);
    longest = Math.max(longest, performance.now() - start);
  }
  line('longest create', `${longest.toFixed(2)} ms`);
}
