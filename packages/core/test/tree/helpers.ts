import { type Acl, encodeUtf8, JuteReader, JuteWriter } from '@zooid/protocol';
import { type CreateZnode, DataTree, newCreateZnode } from '../../src/tree/data-tree.ts';

/** What to create, with what tests do not care about left out. */
export interface Wanted {
  readonly data?: Uint8Array | string | null;
  readonly acls?: readonly Acl[];
  readonly owner?: bigint;
  readonly zxid?: number;
  readonly timeMs?: number;
  readonly parentCversion?: number;
}

export function bytesOf(text: string): Uint8Array {
  return encodeUtf8(text);
}

export function newTree(): DataTree {
  return new DataTree({ digestEnabled: true });
}

/** Creates `path`, whose parent must exist. */
export function create(tree: DataTree, path: string, wanted: Wanted = {}): number {
  const slash = path.lastIndexOf('/');
  const c: CreateZnode = newCreateZnode();
  c.parentRow = tree.findPath(path.slice(0, slash) || '/');
  // Not at the start of its array, as in a real request.
  c.nameBytes = bytesOf(path);
  c.nameStart = bytesOf(path.slice(0, slash + 1)).length;
  c.nameEnd = c.nameBytes.length;
  const { data = '' } = wanted;
  c.data = typeof data === 'string' ? bytesOf(data) : data;
  c.dataEnd = c.data?.length ?? 0;
  c.aclId = wanted.acls === undefined ? -1 : tree.acls.intern(wanted.acls);
  c.ephemeralOwner = wanted.owner ?? 0n;
  c.zxid = wanted.zxid ?? 1;
  c.timeMs = wanted.timeMs ?? 1;
  c.parentCversion = wanted.parentCversion ?? -1;
  return tree.create(c);
}

export function childNames(tree: DataTree, row: number): string[] {
  const names: string[] = [];
  tree.forEachChild(row, (child) => names.push(tree.name(child)));
  return names;
}

/** All paths, parents first. */
export function allPaths(tree: DataTree): string[] {
  const paths: string[] = [];
  const visit = (row: number): void => {
    paths.push(tree.path(row));
    tree.forEachChild(row, visit);
  };
  visit(0);
  return paths;
}

/** The tree as the node records of a snapshot, terminator included. */
export function imageOf(tree: DataTree): Uint8Array {
  const out = new JuteWriter();
  const image = tree.beginImage(out);
  while (!image.writeSlice(1000));
  return out.copy();
}

/** A tree loaded from node records, with the ACL table of `from`. */
export function loaded(
  records: Uint8Array,
  acls: readonly (readonly [number, readonly Acl[]])[],
): DataTree {
  const tree = newTree();
  tree.clearForLoad();
  for (const [id, list] of acls) tree.acls.load(id, list);
  const reader = new JuteReader(records);
  tree.loadNodes(reader);
  tree.finishLoad();
  return tree;
}

/** Every stored fact of every znode, for comparing trees. */
export function facts(tree: DataTree): Map<string, unknown> {
  const all = new Map<string, unknown>();
  for (const path of allPaths(tree)) {
    const row = tree.findPath(path);
    const data = tree.copyData(row);
    all.set(path, {
      data: data === null ? null : Array.from(data),
      acls: tree.acls.get(tree.aclId(row)),
      czxid: tree.czxid(row),
      mzxid: tree.mzxid(row),
      pzxid: tree.pzxid(row),
      ctime: tree.ctime(row),
      mtime: tree.mtime(row),
      version: tree.version(row),
      cversion: tree.cversion(row),
      aversion: tree.aversion(row),
      owner: tree.ephemeralOwner(row),
      kind: tree.kind(row),
      children: childNames(tree, row).sort(),
    });
  }
  return all;
}
