import { type Acl, isOpenAcl, openAcl } from '@zooid/protocol';
import { assert } from '../assert.ts';

/** Id of the open ACL (everybody may do everything), which is not counted. Source: OPEN_UNSAFE_ACL_ID. */
export const OPEN_ACL_ID = -1;

/** Grants nothing to anybody: what a znode has whose ACL is missing in its snapshot. */
const closedAcl: readonly Acl[] = Object.freeze([
  Object.freeze({ perms: 0, scheme: 'world', id: 'anyone' }),
]);

interface Entry {
  readonly id: number;
  readonly key: string;
  readonly acls: readonly Acl[];
  /** Znodes that have this ACL. */
  references: number;
}

/**
 * The ACLs of a tree, each distinct list kept once under a small positive id.
 *
 * Lists are equal when their entries are, in the same order. Ids are given out again after their last
 * reference went: a snapshot's table must be written in the same turn in which its image begins.
 * Source: ReferenceCountedACLCache.
 */
export class AclStore {
  /** By id; 0 is never used. */
  readonly #entries: (Entry | undefined)[] = [undefined];
  readonly #byKey = new Map<string, Entry>();
  readonly #freeIds: number[] = [];
  /** Ids of the file being loaded -> ids here. */
  readonly #loaded = new Map<number, number>();

  /** Lists kept, the open one aside. */
  get size(): number {
    return this.#byKey.size;
  }

  /**
   * The id of a list: -1 for exactly [world:anyone all]. A new list is kept with no reference: use the id
   * for a znode at once (`create`, `setAcl`), for {@link purgeUnused} forgets it.
   */
  intern(acls: readonly Acl[]): number {
    if (isOpenAcl(acls)) return OPEN_ACL_ID;
    const key = keyOf(acls);
    return (this.#byKey.get(key) ?? this.#add(key, acls)).id;
  }

  /** The list of an id that is in use. */
  get(id: number): readonly Acl[] {
    return id === OPEN_ACL_ID ? openAcl : this.#entry(id).acls;
  }

  /** Counts one more znode with this ACL. */
  acquire(id: number): void {
    if (id !== OPEN_ACL_ID) this.#entry(id).references++;
  }

  /** Counts one znode less; the list is forgotten with the last. */
  release(id: number): void {
    if (id === OPEN_ACL_ID) return;
    const entry = this.#entry(id);
    assert(entry.references > 0, 'an ACL is released no more often than acquired');
    if (--entry.references === 0) this.#forget(entry);
  }

  /** What a snapshot's table holds: ids in use and their lists. */
  *entries(): Generator<[number, readonly Acl[]]> {
    for (const entry of this.#entries) {
      if (entry !== undefined && entry.references > 0) yield [entry.id, entry.acls];
    }
  }

  /** Number of {@link entries}. */
  get entryCount(): number {
    let count = 0;
    for (const entry of this.#entries) if (entry !== undefined && entry.references > 0) count++;
    return count;
  }

  /**
   * Takes one entry of a snapshot's table. Ids of the file (longs in Apache's, which never reuses one) are
   * translated: see {@link idOfLoaded}.
   */
  load(fileId: number, acls: readonly Acl[]): void {
    this.#loaded.set(fileId, this.intern(acls));
  }

  /**
   * The id here for an id of the file being loaded. One that is not in the file's table (possible in fuzzy
   * snapshots of old servers) stands for a list that grants nothing, until replay sets the right one.
   */
  idOfLoaded(fileId: number): number {
    if (fileId === OPEN_ACL_ID) return OPEN_ACL_ID;
    let id = this.#loaded.get(fileId);
    if (id === undefined) {
      id = this.intern(closedAcl);
      this.#loaded.set(fileId, id);
    }
    return id;
  }

  /** Ends loading: forgets the file's ids. */
  finishLoad(): void {
    this.#loaded.clear();
    this.purgeUnused();
  }

  /** Forgets the lists that no znode has. */
  purgeUnused(): void {
    for (const entry of this.#entries) {
      if (entry !== undefined && entry.references === 0) this.#forget(entry);
    }
  }

  /** Forgets all lists. */
  clear(): void {
    this.#entries.length = 1;
    this.#byKey.clear();
    this.#freeIds.length = 0;
    this.#loaded.clear();
  }

  #entry(id: number): Entry {
    const entry = this.#entries[id];
    assert(entry !== undefined, 'an ACL id is in use');
    return entry;
  }

  #add(key: string, acls: readonly Acl[]): Entry {
    const id = this.#freeIds.pop() ?? this.#entries.length;
    const copy = acls.map(({ perms, scheme, id }) => Object.freeze({ perms, scheme, id }));
    const entry: Entry = { id, key, acls: Object.freeze(copy), references: 0 };
    this.#entries[id] = entry;
    this.#byKey.set(key, entry);
    return entry;
  }

  #forget(entry: Entry): void {
    this.#entries[entry.id] = undefined;
    this.#byKey.delete(entry.key);
    this.#freeIds.push(entry.id);
  }
}

/** Equal for equal lists only: lengths keep neighbours apart. */
function keyOf(acls: readonly Acl[]): string {
  let key = '';
  for (const { perms, scheme, id } of acls) {
    key += `${perms},${scheme.length},${id.length},${scheme}${id};`;
  }
  return key;
}
