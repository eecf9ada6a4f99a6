import { JuteReader, JuteWriter, readAcl } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { bytesOf, create, facts, imageOf, loaded, newTree } from './helpers.ts';

/** The paths in an image, in the file's order; the terminator is not among them. */
function pathsIn(records: Uint8Array): string[] {
  const reader = new JuteReader(records);
  const paths: string[] = [];
  for (let path = reader.text(); path !== '/'; path = reader.text()) {
    paths.push(path);
    reader.buffer();
    reader.position += 68;
  }
  expect(reader.remaining).toBe(0);
  return paths;
}

describe('an image of the tree', () => {
  test('begins with the root under the empty path and ends with "/"', () => {
    const tree = newTree();
    create(tree, '/a');
    const paths = pathsIn(imageOf(tree));
    expect(paths[0]).toBe('');
    expect(paths.sort()).toEqual(['', '/a', '/zookeeper', '/zookeeper/config', '/zookeeper/quota']);
  });

  test('has parents before their children, though rows are reused in any order', () => {
    const tree = newTree();
    create(tree, '/x');
    create(tree, '/y');
    tree.delete(tree.findPath('/x'), 2);
    tree.delete(tree.findPath('/y'), 2);
    // The last freed row comes first: a parent in a higher row than its child.
    create(tree, '/p');
    create(tree, '/p/c');
    expect(tree.findPath('/p/c')).toBeLessThan(tree.findPath('/p'));
    const paths = pathsIn(imageOf(tree));
    expect(paths.indexOf('/p')).toBeLessThan(paths.indexOf('/p/c'));
  });

  test('is that of its beginning, whatever changes before it is reached', () => {
    const tree = newTree();
    for (const path of ['/p', '/p/kept', '/p/changed', '/p/deleted', '/q', '/q/moved']) {
      create(tree, path, { data: path, acls: readAcl, owner: path === '/q/moved' ? 5n : 0n });
    }
    const before = facts(tree);
    const { digest } = tree;
    const acls = [...tree.acls.entries()];
    const out = new JuteWriter();
    const image = tree.beginImage(out);
    tree.setData(tree.findPath('/p/changed'), bytesOf('other'), 0, 5, 1, 9, 9);
    tree.delete(tree.findPath('/p/deleted'), 9);
    tree.delete(tree.findPath('/q/moved'), 9);
    tree.delete(tree.findPath('/q'), 9);
    tree.setAcl(tree.findPath('/p'), -1, 3);
    tree.replaceDataQuietly(tree.findPath('/zookeeper/quota'), bytesOf('q'));
    tree.raiseParent(0, 99, 99);
    create(tree, '/new');
    create(tree, '/p/deleted', { data: 'again' });
    while (!image.writeSlice(1));
    const again = loaded(out.copy(), acls);
    expect(facts(again)).toEqual(before);
    expect(again.digest).toBe(digest);
  });

  test('leaves out what was created later, even in the row of what was deleted', () => {
    const tree = newTree();
    const row = create(tree, '/old');
    const out = new JuteWriter();
    const image = tree.beginImage(out);
    tree.delete(row, 2);
    expect(create(tree, '/new')).toBe(row);
    while (!image.writeSlice(1_000_000));
    expect(pathsIn(out.copy())).toContain('/old');
    expect(pathsIn(out.copy())).not.toContain('/new');
    // The next one has it.
    expect(pathsIn(imageOf(tree))).toContain('/new');
    expect(pathsIn(imageOf(tree))).not.toContain('/old');
  });

  test('is written in slices of the size that is asked for, and a record', () => {
    const tree = newTree();
    for (let i = 0; i < 500; i++) create(tree, `/n${i}`, { data: new Uint8Array(100) });
    const out = new JuteWriter();
    const image = tree.beginImage(out);
    let slices = 0;
    for (let isDone = false; !isDone; slices++) {
      const { length } = out;
      isDone = image.writeSlice(1000);
      expect(out.length - length).toBeLessThan(1000 + 190);
    }
    expect(slices).toBeGreaterThan(80);
    expect(slices).toBeLessThan(105);
    expect(pathsIn(out.copy()).length).toBe(504);
  });

  test('may be written to a buffer that is emptied between slices', () => {
    const tree = newTree();
    for (let i = 0; i < 300; i++) create(tree, `/n${i}`, { data: `${i}` });
    const expected = imageOf(tree);
    const out = new JuteWriter(16);
    const image = tree.beginImage(out);
    const chunks: Uint8Array[] = [];
    for (let isDone = false; !isDone; ) {
      isDone = image.writeSlice(700);
      chunks.push(out.copy());
      out.clear();
    }
    expect(Buffer.compare(Buffer.concat(chunks), expected)).toBe(0);
  });

  test('looks at a bounded number of rows in a slice, when many are free', () => {
    const tree = newTree();
    const rows: number[] = [];
    for (let i = 0; i < 70_000; i++) rows.push(create(tree, `/n${i}`));
    for (const row of rows) tree.delete(row, 2);
    const out = new JuteWriter();
    const image = tree.beginImage(out);
    let slices = 1;
    while (!image.writeSlice(1_000_000)) slices++;
    expect(slices).toBe(3);
  });

  test('is that of its own beginning while others are open, older and younger', () => {
    const tree = newTree();
    for (const path of ['/a', '/a/b', '/c', '/d']) create(tree, path, { data: 'first' });
    const began: {
      readonly image: ReturnType<typeof tree.beginImage>;
      readonly out: JuteWriter;
      readonly expected: ReturnType<typeof facts>;
    }[] = [];
    const begin = () => {
      const expected = facts(tree);
      const out = new JuteWriter();
      began.push({ image: tree.beginImage(out), out, expected });
    };
    begin();
    tree.setData(tree.findPath('/a/b'), bytesOf('second'), 0, 6, 1, 9, 9);
    begin();
    // The younger one comes to what the older one has not reached.
    began[1]!.image.writeSlice(1);
    tree.delete(tree.findPath('/c'), 10);
    create(tree, '/e');
    begin();
    began[2]!.image.writeSlice(1_000_000);
    tree.setData(tree.findPath('/d'), bytesOf('third'), 0, 5, 1, 11, 11);
    while (!began[0]!.image.writeSlice(1));
    tree.delete(tree.findPath('/e'), 12);
    while (!began[1]!.image.writeSlice(1));
    for (const { out, expected } of began) {
      expect(facts(loaded(out.copy(), [...tree.acls.entries()]))).toEqual(expected);
    }
  });

  test('is given up without a trace', () => {
    const tree = newTree();
    create(tree, '/a');
    const out = new JuteWriter();
    const image = tree.beginImage(out);
    image.abandon();
    image.abandon();
    tree.delete(tree.findPath('/a'), 2);
    expect(out.length).toBe(0);
    expect(() => image.writeSlice(1)).toThrow('complete or abandoned');
    expect(pathsIn(imageOf(tree)).length).toBe(4);
  });

  test('does not see changes after its end', () => {
    const tree = newTree();
    create(tree, '/a');
    const out = new JuteWriter();
    const image = tree.beginImage(out);
    expect(image.writeSlice(1_000_000)).toBe(true);
    expect(image.isOpen).toBe(false);
    const { length } = out;
    tree.delete(tree.findPath('/a'), 2);
    expect(out.length).toBe(length);
  });
});
