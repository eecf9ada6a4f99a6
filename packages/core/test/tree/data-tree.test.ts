import {
  CONTAINER_OWNER,
  decodeStat,
  JuteReader,
  JuteWriter,
  MalformedError,
  openAcl,
  readAcl,
  ttlToOwner,
} from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { crc32 } from '../../src/tree/crc32.ts';
import { DataTree, newCreateZnode, ZnodeKind } from '../../src/tree/data-tree.ts';
import { hasDigest, statDigest } from '../../src/tree/digest.ts';
import {
  allPaths,
  bytesOf,
  childNames,
  create,
  facts,
  imageOf,
  loaded,
  newTree,
} from './helpers.ts';
import { digestOfRow, isUndigested, znodeDigest } from './znode-digest.ts';

function statOf(tree: DataTree, row: number) {
  const writer = new JuteWriter(4);
  tree.writeStat(row, writer);
  expect(writer.length).toBe(68);
  return decodeStat(new JuteReader(writer.copy()));
}

function dataOf(tree: DataTree, row: number): Uint8Array | null {
  const writer = new JuteWriter(4);
  tree.writeData(row, writer);
  const data = new JuteReader(writer.copy()).buffer();
  const copy = tree.copyData(row);
  if (copy === null || data === null) expect(copy).toBe(data);
  else expect(Buffer.compare(copy, data)).toBe(0);
  return data;
}

describe('a new tree', () => {
  test('has the znodes, counts and ACLs that an empty Apache server has', () => {
    const tree = newTree();
    expect(allPaths(tree).sort()).toEqual([
      '/',
      '/zookeeper',
      '/zookeeper/config',
      '/zookeeper/quota',
    ]);
    expect(tree.nodeCount).toBe(5);
    expect(tree.dataBytes).toBe(44);
    expect(tree.descendantCount(0)).toBe(3);
    expect(tree.digest).toBe(1371985504n); // what the first entry of its log goes on from
    for (const path of allPaths(tree)) {
      const row = tree.findPath(path);
      const isConfig = path === '/zookeeper/config';
      expect(tree.acls.get(tree.aclId(row))).toEqual(isConfig ? readAcl : openAcl);
      expect(dataOf(tree, row)).toEqual(new Uint8Array(0));
      expect(statOf(tree, row)).toEqual({
        czxid: 0,
        mzxid: 0,
        ctime: 0,
        mtime: 0,
        version: 0,
        cversion: 0 - tree.childCount(row),
        aversion: isConfig ? -1 : 0,
        ephemeralOwner: 0n,
        dataLength: 0,
        numChildren: tree.childCount(row),
        pzxid: 0,
      });
    }
  });

  test('has a digest of 0 when digests are off', () => {
    const tree = new DataTree({ digestEnabled: false });
    create(tree, '/a', { data: 'x' });
    expect(tree.digest).toBe(0n);
    expect(digestOfRow(tree, tree.findPath('/a'))).toBe(0);
  });
});

describe('looking up', () => {
  test('"/" and the empty path are the root', () => {
    const tree = newTree();
    expect(tree.findPath('/')).toBe(0);
    expect(tree.findPath('')).toBe(0);
    expect(tree.path(0)).toBe('/');
    expect(tree.name(0)).toBe('');
    expect(tree.parent(0)).toBe(-1);
  });

  test('nothing but the exact path is found', () => {
    const tree = newTree();
    const row = create(tree, '/ab');
    const child = create(tree, '/ab/cd');
    expect(tree.findPath('/ab')).toBe(row);
    expect(tree.findPath('/ab/cd')).toBe(child);
    for (const path of [
      ...['ab', 'x', '//', '/a', '/b', '/ab/', '//ab', '/abc', '/ab/c', '/ab/cde', '/ab//cd'],
      ...['/abcd', '/a/bcd', '/cd', '/cd/ab', '/AB', '/ab/cd/', ' /ab', '/ab\0'],
    ]) {
      expect(tree.findPath(path), path).toBe(-1);
    }
  });

  test('a path is found wherever it stands among other bytes', () => {
    const tree = newTree();
    const row = create(tree, '/some/where'.slice(0, 5));
    const child = create(tree, '/some/where');
    const bytes = bytesOf('xx/some/where/else');
    expect(tree.find(bytes, 2, 7)).toBe(row);
    expect(tree.find(bytes, 2, 13)).toBe(child);
    expect(tree.find(bytes, 2, 12)).toBe(-1);
    expect(tree.find(bytes, 2, 2)).toBe(0);
    expect(tree.find(bytes, 2, 3)).toBe(0);
    expect(tree.find(bytes, 3, 4)).toBe(-1);
  });

  test('names of 1 to 500 bytes are found and given back', () => {
    const tree = newTree();
    for (let length = 1; length <= 500; length++) {
      const name = 'n'.repeat(length - 1) + String.fromCharCode(97 + (length % 26));
      const row = create(tree, `/${name}`, { data: `${length}` });
      expect(tree.name(row)).toBe(name);
      expect(tree.path(row)).toBe(`/${name}`);
    }
    for (let length = 1; length <= 500; length++) {
      const path = `/${'n'.repeat(length - 1)}${String.fromCharCode(97 + (length % 26))}`;
      expect(tree.copyData(tree.findPath(path))).toEqual(bytesOf(`${length}`));
    }
  });

  test('names in any script are found and counted as Java counts them', () => {
    const tree = newTree();
    const before = tree.dataBytes;
    const names = ['été', '中文节点', 'имя', '\u{1f600}', 'a\u{10348}b'];
    for (const name of names) create(tree, `/${name}`);
    for (const name of names) expect(tree.path(tree.findPath(`/${name}`))).toBe(`/${name}`);
    const units = names.reduce((sum, name) => sum + name.length + 1, 0);
    expect(tree.dataBytes - before).toBe(units);
    for (const name of names) tree.delete(tree.findPath(`/${name}`), 2);
    expect(tree.dataBytes).toBe(before);
  });

  test('a path of 1000 components works like any other', () => {
    const tree = newTree();
    let path = '';
    for (let depth = 0; depth < 1000; depth++) {
      path += `/d${depth}`;
      create(tree, path, { data: `${depth}` });
    }
    const row = tree.findPath(path);
    expect(tree.path(row)).toBe(path);
    expect(tree.descendantCount(tree.findPath('/d0'))).toBe(999);
    expect(tree.findPath(`${path}/x`)).toBe(-1);
    const again = loaded(imageOf(tree), [...tree.acls.entries()]);
    expect(again.path(again.findPath(path))).toBe(path);
    expect(again.digest).toBe(tree.digest);
  });

  test('is right under any hash seed', () => {
    for (const hashSeed of [1, -1, 0x7fff_ffff, -0x8000_0000, 12345]) {
      const tree = new DataTree({ digestEnabled: false, hashSeed });
      let wrong = 0;
      for (let i = 0; i < 2000; i++) create(tree, `/n${i}`);
      for (let i = 0; i < 2000; i++) {
        if (tree.path(tree.findPath(`/n${i}`)) !== `/n${i}`) wrong++;
        if (tree.findPath(`/m${i}`) !== -1) wrong++;
      }
      expect(wrong).toBe(0);
    }
  });
});

describe('creating and deleting', () => {
  test('sets the stat of the child and raises that of the parent', () => {
    const tree = newTree();
    const zxid = 5 * 2 ** 32 + 0x8000_0001;
    const row = create(tree, '/a', {
      data: 'abc',
      zxid,
      timeMs: 1_795_000_000_123,
      parentCversion: 7,
    });
    expect(statOf(tree, row)).toEqual({
      czxid: zxid,
      mzxid: zxid,
      pzxid: zxid,
      ctime: 1_795_000_000_123,
      mtime: 1_795_000_000_123,
      version: 0,
      cversion: 0,
      aversion: 0,
      ephemeralOwner: 0n,
      dataLength: 3,
      numChildren: 0,
    });
    expect(tree.cversion(0)).toBe(7);
    expect(tree.pzxid(0)).toBe(zxid);
    expect(statOf(tree, 0).cversion).toBe(2 * 7 - 2);
    tree.delete(row, zxid + 1);
    expect(tree.cversion(0)).toBe(7);
    expect(tree.pzxid(0)).toBe(zxid + 1);
    expect(statOf(tree, 0).cversion).toBe(2 * 7 - 1);
  });

  test('a parent never goes back in cversion or pzxid', () => {
    const tree = newTree();
    create(tree, '/a', { zxid: 10, parentCversion: 5 });
    create(tree, '/b', { zxid: 8, parentCversion: 3 });
    expect([tree.cversion(0), tree.pzxid(0)]).toEqual([5, 10]);
    create(tree, '/c', { zxid: 9, parentCversion: 6 });
    expect([tree.cversion(0), tree.pzxid(0)]).toEqual([6, 10]);
    tree.delete(tree.findPath('/c'), 4);
    expect(tree.pzxid(0)).toBe(10);
    tree.raiseParent(0, 4, 11);
    expect([tree.cversion(0), tree.pzxid(0)]).toEqual([6, 11]);
    tree.raiseParent(0, 9, 3);
    expect([tree.cversion(0), tree.pzxid(0)]).toEqual([9, 11]);
  });

  test('children are listed from old to new, wherever one is taken out', () => {
    for (const gone of [0, 1, 2, 3]) {
      const tree = newTree();
      create(tree, '/p');
      for (const name of ['a', 'b', 'c', 'd']) create(tree, `/p/${name}`);
      const names = ['a', 'b', 'c', 'd'];
      tree.delete(tree.findPath(`/p/${names[gone]}`), 2);
      names.splice(gone, 1);
      create(tree, '/p/e');
      names.push('e');
      const parent = tree.findPath('/p');
      expect(childNames(tree, parent)).toEqual(names);
      const writer = new JuteWriter();
      tree.writeChildNames(parent, writer);
      expect(new JuteReader(writer.copy()).texts()).toEqual(names);
      for (const name of names) tree.delete(tree.findPath(`/p/${name}`), 3);
      expect(childNames(tree, parent)).toEqual([]);
      expect(tree.childCount(parent)).toBe(0);
      create(tree, '/p/f');
      expect(childNames(tree, parent)).toEqual(['f']);
    }
  });

  test('a parent with children, the root, and a znode twice are not deleted', () => {
    const tree = newTree();
    const parent = create(tree, '/p');
    const child = create(tree, '/p/c');
    expect(() => tree.delete(parent, 2)).toThrow('no children');
    expect(() => tree.delete(0, 2)).toThrow('root');
    tree.delete(child, 2);
    expect(() => tree.delete(child, 3)).toThrow('once');
  });

  test('a name is never empty', () => {
    expect(() => newTree().create(newCreateZnode())).toThrow('has a name');
    const tree = newTree();
    create(tree, '/a');
    const twice = {
      ...newCreateZnode(),
      nameBytes: bytesOf('/a'),
      pathStart: 0,
      nameStart: 1,
      nameEnd: 2,
    };
    expect(() => tree.create(twice)).toThrow('twice');
  });

  test('a cversion that wraps stays where it is, as in Apache', () => {
    const tree = newTree();
    create(tree, '/a', { parentCversion: 0x7fff_ffff });
    create(tree, '/b', { parentCversion: -0x8000_0000 });
    expect(tree.cversion(0)).toBe(0x7fff_ffff);
  });
});

describe('data', () => {
  test('null is not the same as empty, though both have length 0 in a stat', () => {
    const tree = newTree();
    const none = create(tree, '/none', { data: null });
    const empty = create(tree, '/empty', { data: '' });
    expect([tree.dataLength(none), tree.dataLength(empty)]).toEqual([-1, 0]);
    expect([dataOf(tree, none), dataOf(tree, empty)]).toEqual([null, new Uint8Array(0)]);
    expect([statOf(tree, none).dataLength, statOf(tree, empty).dataLength]).toEqual([0, 0]);
    tree.setData(none, new Uint8Array(0), 0, 0, 1, 2, 2);
    tree.setData(empty, null, 0, 0, 1, 2, 2);
    expect([dataOf(tree, none), dataOf(tree, empty)]).toEqual([new Uint8Array(0), null]);
  });

  test('of every length from 0 to 1 MB is kept, as is the name', () => {
    const tree = newTree();
    const row = create(tree, '/name');
    const before = tree.dataBytes;
    const lengths = [
      0,
      1,
      11,
      12,
      13,
      100,
      1020,
      1021,
      5000,
      32_764,
      32_765,
      70_000,
      1 << 20,
      3,
      0,
    ];
    for (const [i, length] of lengths.entries()) {
      const bytes = new Uint8Array(length + 7).map((_, at) => at * 31 + i);
      tree.setData(row, bytes, 5, 5 + length, i, i, i);
      expect(Buffer.compare(dataOf(tree, row)!, bytes.subarray(5, 5 + length))).toBe(0);
      expect(tree.dataBytes).toBe(before + length);
      expect(tree.findPath('/name')).toBe(row);
    }
  });

  test('of the root is kept, counted for "/" and for "", and part of the digest', () => {
    const tree = newTree();
    const { digest, dataBytes } = tree;
    tree.setData(0, bytesOf('root'), 0, 4, 1, 5, 5);
    expect(dataOf(tree, 0)).toEqual(bytesOf('root'));
    expect(tree.dataBytes).toBe(dataBytes + 8);
    expect(tree.digest).not.toBe(digest);
    const again = loaded(imageOf(tree), [...tree.acls.entries()]);
    expect(dataOf(again, 0)).toEqual(bytesOf('root'));
    expect(again.digest).toBe(tree.digest);
    expect(again.dataBytes).toBe(tree.dataBytes);
  });

  test('set quietly leaves the stat alone', () => {
    const tree = newTree();
    const row = create(tree, '/a', { data: 'one' });
    const before = statOf(tree, row);
    tree.replaceDataQuietly(row, bytesOf('three'));
    expect(statOf(tree, row)).toEqual({ ...before, dataLength: 5 });
  });
});

describe('owners', () => {
  const session = 0x0100_2233_4455_6677n;

  test('of every kind are kept, told apart, and hidden from clients where they are marks', () => {
    const tree = newTree();
    const ephemeral = create(tree, '/e', { owner: session });
    const negative = create(tree, '/n', { owner: -(0x7bn << 56n) });
    const container = create(tree, '/c', { owner: CONTAINER_OWNER });
    const ttl = create(tree, '/t', { owner: ttlToOwner(86_400_000) });
    const rows = [ephemeral, negative, container, ttl];
    expect(rows.map((row) => tree.kind(row))).toEqual([
      ZnodeKind.ephemeral,
      ZnodeKind.ephemeral,
      ZnodeKind.container,
      ZnodeKind.ttl,
    ]);
    expect(rows.map((row) => tree.ephemeralOwner(row))).toEqual([
      session,
      -(0x7bn << 56n),
      CONTAINER_OWNER,
      ttlToOwner(86_400_000),
    ]);
    expect(rows.map((row) => statOf(tree, row).ephemeralOwner)).toEqual([
      session,
      -(0x7bn << 56n),
      0n,
      0n,
    ]);
    expect(tree.ttlMs(ttl)).toBe(86_400_000);
    expect(() => tree.ttlMs(container)).toThrow('only a TTL znode');
    expect([...tree.containers]).toEqual([container]);
    expect([...tree.ttls]).toEqual([ttl]);
    expect(tree.ephemeralCount).toBe(2);
    for (const row of rows) tree.delete(row, 2);
    expect([tree.containers.size, tree.ttls.size, tree.ephemeralCount]).toEqual([0, 0, 0]);
    expect([...tree.ephemeralSessions()]).toEqual([]);
  });

  test('a TTL mark is a session id when extended types are off, as in Apache', () => {
    const tree = new DataTree({ digestEnabled: true, extendedTypes: 'off' });
    const row = create(tree, '/t', { owner: ttlToOwner(5) });
    expect(tree.kind(row)).toBe(ZnodeKind.ephemeral);
    expect(statOf(tree, row).ephemeralOwner).toBe(ttlToOwner(5));
  });

  test("a session's ephemerals are those it has left", () => {
    const tree = newTree();
    const rows = ['/a', '/b', '/c'].map((path) => create(tree, path, { owner: session }));
    create(tree, '/other', { owner: session + 1n });
    tree.delete(rows[1]!, 2);
    expect([...(tree.ephemeralsOf(session) ?? [])]).toEqual([rows[0], rows[2]]);
    expect(tree.ephemeralsOf(1n)).toBeUndefined();
    expect([...tree.ephemeralSessions()].map(([id, held]) => [id, held.size])).toEqual([
      [session, 2],
      [session + 1n, 1],
    ]);
  });
});

describe('ACLs', () => {
  const bob = [{ perms: 31, scheme: 'digest', id: 'bob:x' }];

  test('are held as long as a znode has them', () => {
    const tree = newTree();
    const kept = tree.acls.size;
    const row = create(tree, '/a', { acls: bob });
    create(tree, '/b', { acls: bob });
    expect(tree.acls.get(tree.aclId(row))).toEqual(bob);
    expect(tree.acls.size).toBe(kept + 1);
    tree.delete(row, 2);
    expect(tree.acls.size).toBe(kept + 1);
    tree.setAcl(tree.findPath('/b'), -1, 4);
    expect(tree.acls.size).toBe(kept);
    expect(tree.aversion(tree.findPath('/b'))).toBe(4);
  });

  test('may be set to what they were', () => {
    const tree = newTree();
    const row = create(tree, '/a', { acls: bob });
    tree.setAcl(row, tree.acls.intern(bob), 1);
    expect(tree.acls.get(tree.aclId(row))).toEqual(bob);
  });
});

describe('the digest', () => {
  test('of a znode is that of its path, data and stat', () => {
    const tree = newTree();
    const owner = 0x1234_5678_9abc_def0n;
    const zxid = 2 ** 33 + 5;
    const timeMs = 1_795_000_000_123;
    const stat = {
      czxid: zxid,
      mzxid: zxid,
      pzxid: zxid,
      ctime: timeMs,
      mtime: timeMs,
      version: 0,
      cversion: 0,
      aversion: 0,
      owner,
    };
    const row = create(tree, '/a', { data: 'data', owner, zxid, timeMs });
    const digest = znodeDigest('/a', bytesOf('data'), stat);
    expect(digestOfRow(tree, row)).toBe(digest);
    const prefixCrc = crc32(0, bytesOf('/adata'), 0, 6);
    expect(statDigest(prefixCrc, zxid, zxid, zxid, timeMs, timeMs, 0, 0, 0, owner)).toBe(digest);
    const changedStat = { ...stat, mzxid: zxid + 1, mtime: timeMs + 1, version: 1 };
    // Of the same length; longer; too long to be summed while it is copied; nothing; null; and back again.
    for (const text of ['DATA', 'changed', 'x'.repeat(600), '', null, 'y'.repeat(40_000), 'z']) {
      const data = text === null ? null : bytesOf(text);
      tree.setData(row, data, 0, data?.length ?? 0, 1, zxid + 1, timeMs + 1);
      expect(digestOfRow(tree, row)).toBe(znodeDigest('/a', data, changedStat));
      expect(tree.copyData(row)).toEqual(data);
      expect(tree.name(row)).toBe('a');
    }
  });

  test('is the sum over all znodes outside of "/zookeeper/", modulo 2^64', () => {
    const tree = newTree();
    for (let i = 0; i < 600; i++) create(tree, `/n${i}`, { data: `${i}` });
    create(tree, '/zookeeper/quota/x');
    let sum = 0n;
    for (const path of allPaths(tree)) {
      const row = tree.findPath(path);
      expect(isUndigested(tree, row)).toBe(!hasDigest(path));
      if (!hasDigest(path)) expect(digestOfRow(tree, row)).toBe(0);
      sum += BigInt(digestOfRow(tree, row));
    }
    expect(tree.digest).toBe(sum);
    expect((BigInt(tree.digestHigh >>> 0) << 32n) + BigInt(tree.digestLow >>> 0)).toBe(sum);
    expect(sum > 2n ** 32n).toBe(true);
  });

  test('is the same whether it is asked for after each change or once', () => {
    const asked = newTree();
    const notAsked = newTree();
    for (let i = 0; i < 1000; i++) {
      for (const tree of [asked, notAsked]) create(tree, `/n${i}`, { data: `${i}`, zxid: i });
      expect(asked.digest >= 0n).toBe(true);
    }
    for (let i = 0; i < 1000; i += 3) {
      for (const tree of [asked, notAsked]) tree.delete(tree.findPath(`/n${i}`), 2000 + i);
      expect(asked.digestLow).toBe(asked.digestLow | 0);
    }
    expect(notAsked.digest).toBe(asked.digest);
  });

  test('comes back to what it was when changes are undone', () => {
    const tree = newTree();
    // The root's pzxid is there from the start, for it is never lowered.
    create(tree, '/first', { zxid: 9, parentCversion: 9 });
    const { digest } = tree;
    const rows: number[] = [];
    for (let i = 0; i < 300; i++) rows.push(create(tree, `/n${i}`, { zxid: 1, parentCversion: 1 }));
    expect(tree.digest).not.toBe(digest);
    for (const row of rows) tree.delete(row, 1);
    expect(tree.digest).toBe(digest);
  });

  test('counts "/zookeeper" and "/zookeeperx", not what is below the first', () => {
    expect(['/', '/zookeeper', '/zookeeperx/a'].map(hasDigest)).toEqual([true, true, true]);
    expect(hasDigest('/zookeeper/a')).toBe(false);
    const tree = newTree();
    const { digest } = tree;
    tree.setData(tree.findPath('/zookeeper/config'), bytesOf('x'), 0, 1, 1, 1, 1);
    expect(tree.digest).toBe(digest);
    create(tree, '/zookeeperx');
    expect(isUndigested(tree, create(tree, '/zookeeperx/a'))).toBe(false);
    create(tree, '/a', { zxid: 1 });
    expect(isUndigested(tree, create(tree, '/a/zookeeper'))).toBe(false);
    expect(isUndigested(tree, create(tree, '/a/zookeeper/b'))).toBe(false);
  });
});

describe('loading', () => {
  /** One node record. */
  function record(path: string | null, aclId = -1n): Uint8Array {
    const writer = new JuteWriter();
    writer.ustring(path);
    writer.buffer(bytesOf('d'));
    writer.long(aclId);
    for (let i = 0; i < 15; i++) writer.int(0);
    return writer.copy();
  }

  function load(...records: Uint8Array[]): DataTree {
    const end = new JuteWriter();
    end.ustring('/');
    return loaded(Buffer.concat([...records, end.copy()]), []);
  }

  test('makes the special znodes that are missing', () => {
    const tree = load(record(''), record('/a'));
    expect(allPaths(tree)).toEqual([
      '/',
      '/a',
      '/zookeeper',
      '/zookeeper/quota',
      '/zookeeper/config',
    ]);
    expect(tree.aversion(tree.findPath('/zookeeper/config'))).toBe(-1);
  });

  test('replaces everything that was there', () => {
    const tree = newTree();
    create(tree, '/old', { owner: 7n, acls: readAcl });
    const image = new JuteWriter();
    const open = tree.beginImage(image);
    tree.clearForLoad();
    expect(open.isOpen).toBe(false);
    const reader = new JuteReader(imageOf(newTree()));
    tree.loadNodes(reader);
    tree.finishLoad();
    expect(tree.findPath('/old')).toBe(-1);
    expect([tree.nodeCount, tree.dataBytes, tree.ephemeralCount]).toEqual([5, 44, 0]);
    expect(tree.digest).toBe(newTree().digest);
  });

  test('refuses a znode before its parent, twice, or with a path that is none', () => {
    expect(() => load(record(''), record('/a/b'))).toThrow('before its parent');
    expect(() => load(record(''), record('/a'), record('/a'))).toThrow('twice');
    expect(() => load(record(''), record('a'))).toThrow('not absolute');
    expect(() => load(record(''), record('/a'), record('/a/'))).toThrow('ends in a slash');
    expect(() => load(record(''), record('/a'), record('/a//b'))).toThrow('before its parent');
  });

  test('takes what is whole and goes on with the rest, wherever a file is cut', () => {
    const file = imageOf(load(record(''), record('/a'), record('/a/b'), record('/c', -1n)));
    for (let length = 0; length < file.length; length++) {
      const tree = newTree();
      tree.clearForLoad();
      const reader = new JuteReader(file.slice(0, length));
      expect(tree.loadNodes(reader), `${length} bytes`).toBe(false);
      expect(tree.loadNodes(new JuteReader(file.slice(reader.position)))).toBe(true);
      tree.finishLoad();
      expect(imageOf(tree)).toEqual(file);
    }
  });

  test('refuses lengths that no record has', () => {
    for (const bytes of [
      [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
      [0, 0, 0, 2, 0x2f, 0x61, 0xff, 0xff, 0xff, 0xfe],
      [0, 0, 0, 1, 0x61],
    ]) {
      const tree = newTree();
      tree.clearForLoad();
      expect(() => tree.loadNodes(new JuteReader(Uint8Array.from(bytes)))).toThrow(MalformedError);
    }
  });

  test('a znode whose ACL is not in the table is closed to everybody', () => {
    const tree = load(record(''), record('/a', 12n));
    const acls = tree.acls.get(tree.aclId(tree.findPath('/a')));
    expect(acls).toEqual([{ perms: 0, scheme: 'world', id: 'anyone' }]);
  });

  test('brings back every fact of every znode', () => {
    const tree = newTree();
    create(tree, '/a', { data: null, zxid: 2 ** 40, timeMs: 2 ** 41 });
    create(tree, '/a/e', { owner: -9n, acls: readAcl });
    create(tree, '/a/c', { owner: CONTAINER_OWNER });
    create(tree, '/t', { owner: ttlToOwner(9), data: 'x'.repeat(50_000) });
    tree.setData(tree.findPath('/a'), bytesOf('x'), 0, 1, -3, 9, 10);
    const again = loaded(imageOf(tree), [...tree.acls.entries()]);
    expect(facts(again)).toEqual(facts(tree));
    expect([again.digest, again.dataBytes, again.nodeCount, again.ephemeralCount]).toEqual([
      tree.digest,
      tree.dataBytes,
      tree.nodeCount,
      tree.ephemeralCount,
    ]);
  });
});

describe('memory', () => {
  test('a tree that is filled and emptied again and again does not grow', {
    timeout: 30_000,
  }, () => {
    const tree = newTree();
    const c = newCreateZnode();
    const count = 40_000;
    const names = bytesOf(Array.from({ length: count }, (_, i) => String(10_000_000 + i)).join(''));
    c.nameBytes = names;
    c.data = new Uint8Array(120);
    const rows: number[] = [];
    let grown = 0;
    for (let round = 0; round < 6; round++) {
      // Data of another size each time: its room must go from one size to the next.
      c.dataEnd = 100 + (round % 2) * 20;
      for (let i = 0; i < count; i++) {
        c.nameStart = i * 8;
        c.nameEnd = c.nameStart + 8;
        rows.push(tree.create(c));
      }
      if (round < 2) grown = Math.max(grown, tree.memoryBytes);
      expect(tree.memoryBytes).toBeLessThanOrEqual(grown);
      for (const row of rows) tree.delete(row, round);
      rows.length = 0;
      expect([tree.nodeCount, tree.dataBytes]).toEqual([5, 44]);
    }
  });

  test('data that is replaced by data of another size does not pile up', () => {
    const tree = newTree();
    const row = create(tree, '/a');
    const lengths = [0, 10, 1000, 20_000, 100_000];
    for (let i = 0; i < 2000; i++) {
      const length = lengths[i % lengths.length]!;
      tree.setData(row, new Uint8Array(length), 0, length, i, i, i);
    }
    expect(tree.memoryBytes).toBeLessThan(6_000_000);
  });

  test('a small tree is small, and whatever was in it is there when it has grown', () => {
    const tree = newTree();
    for (let i = 0; i < 300; i++) create(tree, `/n${i}`, { data: Uint8Array.of(i, i >> 8) });
    expect(tree.memoryBytes).toBeLessThan(400_000);
    for (let i = 300; i < 30_000; i++) create(tree, `/n${i}`, { data: Uint8Array.of(i, i >> 8) });
    expect(tree.memoryBytes).toBeGreaterThan(4_000_000);
    for (let i = 0; i < 30_000; i += 7) {
      expect(tree.copyData(tree.findPath(`/n${i}`))).toEqual(Uint8Array.of(i, i >> 8));
    }
  });

  test('data of the deleted is given back to the system', () => {
    const tree = newTree();
    for (let i = 0; i < 200; i++) create(tree, `/n${i}`, { data: new Uint8Array(100_000) });
    for (let i = 0; i < 2000; i++) create(tree, `/m${i}`, { data: new Uint8Array(10_000) });
    const { memoryBytes } = tree;
    expect(memoryBytes).toBeGreaterThan(40_000_000);
    for (let i = 0; i < 200; i++) tree.delete(tree.findPath(`/n${i}`), 2);
    for (let i = 0; i < 2000; i++) tree.delete(tree.findPath(`/m${i}`), 2);
    expect(tree.memoryBytes).toBeLessThan(5_000_000);
  });
});
