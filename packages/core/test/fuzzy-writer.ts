import {
  type Acl,
  encodeSnapshotZnode,
  JuteReader,
  JuteWriter,
  OPEN_ACL_ID,
  openAcl,
} from '@zooid/protocol';
import type { Harness } from './harness.ts';

/** A snapshot as Apache writes it: each znode as it is when its turn comes. Source: DataTree.serializeNode. */
export class FuzzyWriter {
  readonly #h: Harness;
  readonly #out = new JuteWriter();
  readonly #todo: string[] = ['/'];
  readonly #acls = new Map<bigint, readonly Acl[]>();
  #lastZxid = 0;

  constructor(h: Harness) {
    this.#h = h;
    this.step();
  }

  /** Writes the next znode that is still there. */
  step(): void {
    const { tree } = this.#h;
    for (;;) {
      const next = this.#todo.shift();
      if (next === undefined) return;
      const row = tree.findPath(next);
      if (row < 0) continue;
      this.#lastZxid = this.#h.core.lastAppliedZxid;
      const list = tree.acls.get(tree.aclId(row));
      encodeSnapshotZnode(this.#out, {
        path: next === '/' ? '' : next,
        data: tree.copyData(row),
        aclId: this.#aclIdOf(list),
        stat: {
          czxid: tree.czxid(row),
          mzxid: tree.mzxid(row),
          ctime: tree.ctime(row),
          mtime: tree.mtime(row),
          version: tree.version(row),
          cversion: tree.cversion(row),
          aversion: tree.aversion(row),
          ephemeralOwner: tree.ephemeralOwner(row),
          pzxid: tree.pzxid(row),
        },
      });
      const below: string[] = [];
      tree.forEachChild(row, (child) => {
        below.push(tree.path(child));
      });
      this.#todo.unshift(...below);
      return;
    }
  }

  finish(): void {
    while (this.#todo.length > 0) this.step();
    this.#out.ustring('/');
  }

  bytes(): Uint8Array {
    return this.#out.copy();
  }

  acls() {
    return [...this.#acls].map(([id, list]) => [Number(id), list] as const);
  }

  /** Whether something in it is newer than its zxid. */
  isMixture(zxid: number): boolean {
    return this.#lastZxid > zxid;
  }

  #aclIdOf(list: readonly Acl[]): bigint {
    if (list === openAcl) return OPEN_ACL_ID;
    for (const [id, known] of this.#acls) if (known === list) return id;
    const id = BigInt(this.#acls.size + 1);
    this.#acls.set(id, list);
    return id;
  }
}

/** Loads the node records of a snapshot into a server that has had no turn. */
export function loadRecords(
  h: Harness,
  records: Uint8Array,
  acls: Iterable<readonly [number, readonly Acl[]]>,
): void {
  h.tree.clearForLoad();
  for (const [id, list] of acls) h.tree.acls.load(id, list);
  const reader = new JuteReader(records);
  h.tree.loadNodes(reader);
  h.tree.finishLoad();
}
