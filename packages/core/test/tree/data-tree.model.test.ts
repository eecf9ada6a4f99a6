import { type Acl, CONTAINER_OWNER, JuteWriter, readAcl, ttlToOwner } from '@zooid/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DataTree } from '../../src/tree/data-tree.ts';
import { hasDigest } from '../../src/tree/digest.ts';
import type { TreeImage } from '../../src/tree/tree-image.ts';
import { allPaths, create, facts, loaded, newTree } from './helpers.ts';
import { znodeDigest } from './znode-digest.ts';

/*
 * Random changes made to the tree and to a model of plain objects, which must then agree in everything; and,
 * mixed with them, slices of an image, which must be the tree as it was when the image was begun.
 */

interface ModelZnode {
  data: Uint8Array | null;
  acls: readonly Acl[];
  czxid: number;
  mzxid: number;
  pzxid: number;
  ctime: number;
  mtime: number;
  version: number;
  cversion: number;
  aversion: number;
  owner: bigint;
}

type Model = Map<string, ModelZnode>;

type Step =
  | { kind: 'create'; parent: number; name: string; data: Uint8Array | null; owner: number }
  | { kind: 'delete'; which: number }
  | { kind: 'setData'; which: number; data: Uint8Array | null }
  | { kind: 'setAcl'; which: number; acls: number }
  | { kind: 'raise'; which: number; by: number }
  | { kind: 'quiet'; which: number; data: Uint8Array }
  | { kind: 'slice'; bytes: number }
  | { kind: 'restart' };

const owners = [0n, 0n, 77n, -77n, CONTAINER_OWNER, ttlToOwner(1000)];
const aclLists: (readonly Acl[])[] = [
  [{ perms: 31, scheme: 'world', id: 'anyone' }],
  readAcl,
  [{ perms: 31, scheme: 'digest', id: 'bob:x' }],
];

/** Nobody deletes these; loading would bring them back. */
const special = new Set(['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config']);

const which = fc.nat(1000);
const someBytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 0, maxLength: 3000 }),
  fc.constant(new Uint8Array(40_000).fill(5)),
);
const someData = fc.oneof(
  { arbitrary: fc.constant(null), weight: 1 },
  { arbitrary: someBytes, weight: 6 },
);
const someName = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'zookeeper', '中', 'é'),
  fc
    .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 20 })
    .map((s) => s.replaceAll('/', '-')),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('create' as const),
      parent: which,
      name: someName,
      data: someData,
      owner: fc.nat(owners.length - 1),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), which }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('setData' as const), which, data: someData }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('setAcl' as const),
      which,
      acls: fc.nat(aclLists.length - 1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('raise' as const),
      which,
      by: fc.integer({ min: -2, max: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('quiet' as const), which, data: someBytes }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('slice' as const), bytes: fc.nat(400) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);

function blank(acls: readonly Acl[], aversion: number): ModelZnode {
  const zeros = { czxid: 0, mzxid: 0, pzxid: 0, ctime: 0, mtime: 0, version: 0, cversion: 0 };
  return { ...zeros, data: new Uint8Array(0), acls, aversion, owner: 0n };
}

function newModel(): Model {
  const open = aclLists[0]!;
  return new Map([
    ['/', blank(open, 0)],
    ['/zookeeper', blank(open, 0)],
    ['/zookeeper/quota', blank(open, 0)],
    ['/zookeeper/config', blank(readAcl, -1)],
  ]);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function childrenOf(model: Model, path: string): string[] {
  return [...model.keys()]
    .filter((other) => other !== '/' && parentOf(other) === path)
    .map((other) => other.slice(other.lastIndexOf('/') + 1));
}

/** What `facts` says of a tree, said of the model. */
function factsOf(model: Model): Map<string, unknown> {
  const kinds = new Map([
    [0n, 0],
    [77n, 1],
    [-77n, 0], // an extended type that nobody knows
    [CONTAINER_OWNER, 2],
    [ttlToOwner(1000), 3],
  ]);
  const all = new Map<string, unknown>();
  for (const [path, znode] of model) {
    all.set(path, {
      ...znode,
      data: znode.data === null ? null : Array.from(znode.data),
      kind: kinds.get(znode.owner),
      children: childrenOf(model, path).sort(),
    });
  }
  return all;
}

function digestOf(model: Model): bigint {
  let sum = 0n;
  for (const [path, z] of model) {
    if (!hasDigest(path)) continue;
    sum += BigInt(znodeDigest(path, z.data, z));
  }
  return BigInt.asUintN(64, sum);
}

function dataBytesOf(model: Model): number {
  let sum = 0;
  for (const [path, { data }] of model) {
    // The root is there as "" and as "/".
    sum += path === '/' ? 1 + 2 * (data?.length ?? 0) : path.length + (data?.length ?? 0);
  }
  return sum;
}

/** Applies a change to both, if it is allowed. */
function change(tree: DataTree, model: Model, what: Step, zxid: number): void {
  const paths = [...model.keys()];
  const timeMs = zxid + 1_000_000;
  if (what.kind === 'slice' || what.kind === 'restart') return;
  const path = paths[(what.kind === 'create' ? what.parent : what.which) % paths.length]!;
  const znode = model.get(path)!;
  const row = tree.findPath(path);
  const lengthOf = (data: Uint8Array | null): number => data?.length ?? 0;
  switch (what.kind) {
    case 'create': {
      const child = path === '/' ? `/${what.name}` : `${path}/${what.name}`;
      if (model.has(child)) return;
      const owner = owners[what.owner]!;
      const acls = aclLists[zxid % aclLists.length]!;
      znode.cversion++;
      znode.pzxid = Math.max(znode.pzxid, zxid);
      model.set(child, {
        ...{ data: what.data, acls, czxid: zxid, mzxid: zxid, pzxid: zxid },
        ...{ ctime: timeMs, mtime: timeMs, version: 0, cversion: 0, aversion: 0, owner },
      });
      create(tree, child, { data: what.data, acls, owner, zxid, timeMs });
      return;
    }
    case 'delete': {
      if (special.has(path) || childrenOf(model, path).length > 0) return;
      model.delete(path);
      const parent = model.get(parentOf(path))!;
      parent.pzxid = Math.max(parent.pzxid, zxid);
      tree.delete(row, zxid);
      return;
    }
    case 'setData':
      Object.assign(znode, {
        data: what.data,
        version: znode.version + 1,
        mzxid: zxid,
        mtime: timeMs,
      });
      tree.setData(row, what.data, 0, lengthOf(what.data), znode.version, zxid, timeMs);
      return;
    case 'setAcl':
      znode.acls = aclLists[what.acls]!;
      znode.aversion++;
      tree.setAcl(row, tree.acls.intern(znode.acls), znode.aversion);
      return;
    case 'raise':
      tree.raiseParent(row, znode.cversion + what.by, znode.pzxid + what.by);
      znode.cversion += Math.max(0, what.by);
      znode.pzxid += Math.max(0, what.by);
      return;
    case 'quiet':
      znode.data = what.data;
      tree.replaceDataQuietly(row, what.data);
      return;
  }
}

interface OpenImage {
  readonly image: TreeImage;
  readonly out: JuteWriter;
  readonly acls: [number, readonly Acl[]][];
  readonly expected: Map<string, unknown>;
  readonly digest: bigint;
}

function begin(tree: DataTree, model: Model): OpenImage {
  const out = new JuteWriter(16);
  const acls = [...tree.acls.entries()];
  const expected = factsOf(model);
  return { image: tree.beginImage(out), out, acls, expected, digest: tree.digest };
}

function checkImage({ out, acls, expected, digest }: OpenImage): void {
  const again = loaded(out.copy(), acls);
  expect(facts(again)).toEqual(expected);
  expect(again.digest).toBe(digest);
}

test('a tree agrees with a model in everything, and its images with the model of their beginning', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 120 }), (steps) => {
      const tree = newTree();
      const model = newModel();
      const images = [begin(tree, model)];
      for (const [i, what] of steps.entries()) {
        const at = i % images.length;
        if (what.kind === 'slice') {
          if (images[at]!.image.writeSlice(what.bytes)) {
            checkImage(images[at]!);
            images[at] = begin(tree, model);
          }
        } else if (what.kind === 'restart') {
          // One more, or another in the place of one.
          if (images.length < 3) {
            images.push(begin(tree, model));
          } else {
            images[at]!.image.abandon();
            images[at] = begin(tree, model);
          }
        } else {
          change(tree, model, what, i + 1);
        }
      }
      for (const open of images) {
        while (!open.image.writeSlice(50));
        checkImage(open);
      }

      expect(facts(tree)).toEqual(factsOf(model));
      expect(allPaths(tree).sort()).toEqual([...model.keys()].sort());
      expect(tree.digest).toBe(digestOf(model));
      expect(tree.nodeCount).toBe(model.size + 1);
      expect(tree.dataBytes).toBe(dataBytesOf(model));
      for (const path of model.keys()) {
        const prefix = path === '/' ? '/' : `${path}/`;
        const below = [...model.keys()].filter(
          (other) => other !== '/' && other.startsWith(prefix),
        );
        expect(tree.descendantCount(tree.findPath(path))).toBe(below.length);
      }
      const rowsOf = (owner: bigint): number[] =>
        [...model]
          .filter(([, z]) => z.owner === owner)
          .map(([path]) => tree.findPath(path))
          .sort();
      expect([...(tree.ephemeralsOf(77n) ?? [])].sort()).toEqual(rowsOf(77n));
      expect([...tree.containers].sort()).toEqual(rowsOf(CONTAINER_OWNER));
      expect([...tree.ttls].sort()).toEqual(rowsOf(ttlToOwner(1000)));
      const aclsInUse = new Set(
        [...model.values()].map(({ acls }) => acls).filter((acls) => acls !== aclLists[0]),
      );
      tree.acls.purgeUnused();
      expect(tree.acls.size).toBe(aclsInUse.size);
    }),
    { numRuns: 50 },
  );
}, 60_000);
