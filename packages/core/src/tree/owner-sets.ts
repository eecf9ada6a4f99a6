import {
  CONTAINER_OWNER,
  EphemeralType,
  type ExtendedTypes,
  ephemeralTypeOf,
  ownerToTtl,
} from '@zooid/protocol';

/** What kind of znode a stored ephemeralOwner makes. */
export const ZnodeKind = {
  persistent: 0,
  ephemeral: 1,
  container: 2,
  ttl: 3,
} as const;

export type ZnodeKind = (typeof ZnodeKind)[keyof typeof ZnodeKind];

/**
 * The znodes that somebody must find without a path: ephemerals by session, containers, TTL znodes. Rows only.
 */
export class OwnerSets {
  readonly containers: Set<number> = new Set();
  readonly ttls: Set<number> = new Set();
  /** No session has an empty set here. */
  readonly bySession: Map<bigint, Set<number>> = new Map();
  /** Sum of the sizes of {@link bySession}'s sets. */
  ephemeralCount = 0;

  readonly #types: ExtendedTypes;

  constructor(types: ExtendedTypes) {
    this.#types = types;
  }

  /** The kind for an owner other than 0. An extended type that nobody knows is never cleaned up: persistent. */
  kindOf(owner: bigint): ZnodeKind {
    switch (ephemeralTypeOf(owner, this.#types)) {
      case EphemeralType.normal:
        return ZnodeKind.ephemeral;
      case EphemeralType.container:
        return ZnodeKind.container;
      case EphemeralType.ttl:
        return ZnodeKind.ttl;
      default:
        return ZnodeKind.persistent;
    }
  }

  /** Time to live in ms, for an owner of kind ttl. */
  ttlMs(owner: bigint): number {
    return ownerToTtl(owner);
  }

  /** Notes a new znode with an owner other than 0, and tells its kind. */
  add(row: number, owner: bigint): ZnodeKind {
    const kind = owner === CONTAINER_OWNER ? ZnodeKind.container : this.kindOf(owner);
    if (kind === ZnodeKind.ephemeral) {
      this.ephemeralCount++;
      const rows = this.bySession.get(owner);
      if (rows === undefined) this.bySession.set(owner, new Set([row]));
      else rows.add(row);
    } else if (kind === ZnodeKind.container) {
      this.containers.add(row);
    } else if (kind === ZnodeKind.ttl) {
      this.ttls.add(row);
    }
    return kind;
  }

  /** Forgets a znode that {@link add} noted under this kind and owner. */
  remove(row: number, kind: ZnodeKind, owner: bigint): void {
    if (kind === ZnodeKind.ephemeral) {
      const rows = this.bySession.get(owner);
      if (rows?.delete(row)) this.ephemeralCount--;
      if (rows?.size === 0) this.bySession.delete(owner);
    } else if (kind === ZnodeKind.container) {
      this.containers.delete(row);
    } else if (kind === ZnodeKind.ttl) {
      this.ttls.delete(row);
    }
  }

  /** Forgets all znodes. */
  clear(): void {
    this.containers.clear();
    this.ttls.clear();
    this.bySession.clear();
    this.ephemeralCount = 0;
  }
}
