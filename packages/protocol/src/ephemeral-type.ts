/**
 * What the 64 bits of a stored `ephemeralOwner` say. Source: EphemeralType, EphemeralTypeEmulate353.
 *
 *     0                       persistent
 *     0x8000000000000000      container
 *     0xff ffff tttttttttt    with extended types: ffff = 0 means TTL of tttttttttt ms
 *     1 (1 bit) · ttl         with extended types and the 3.5.3 emulation: TTL
 *     anything else           session id of an ephemeral
 *
 * Clients never see these marks: the server shows them 0 for containers and TTL znodes.
 */

/** What kind of znode an owner stands for. */
export const EphemeralType = {
  /** Not ephemeral. */
  void: 0,
  /** Owned by a session. */
  normal: 1,
  container: 2,
  ttl: 3,
  /** An extended type that nobody knows. Apache's server throws on it. */
  unknown: -1,
} as const;

export type EphemeralType = (typeof EphemeralType)[keyof typeof EphemeralType];

/**
 * How TTL owners are told from session ids:
 * `off` without `extendedTypesEnabled`: a TTL owner is then taken for a session id;
 * `extended` as of 3.5.4;
 * `extended353`: also what 3.5.3 wrote (`emulate353TTLNodes`), where every negative owner is a TTL.
 */
export type ExtendedTypes = 'off' | 'extended' | 'extended353';

/** Stored owner of every container: `Long.MIN_VALUE`. No session may have this id. */
export const CONTAINER_OWNER: bigint = -(2n ** 63n);
/** Longest TTL in ms (40 bits, about 34 years). The shortest is 1. */
export const TTL_MS_MAX: number = 2 ** 40 - 1;
/** Largest server id when extended types are on: 255 would make session ids look like TTL owners. */
export const EXTENDED_SERVER_ID_MAX = 254;

const TTL_VALUE_MASK = 0xff_ffff_ffffn;

/** Whether `ttlMs` is a TTL that a create request may have. */
export function isValidTtl(ttlMs: number): boolean {
  return ttlMs >= 1 && ttlMs <= TTL_MS_MAX;
}

/**
 * The owner that is stored for a znode with this TTL.
 *
 * @throws RangeError when {@link isValidTtl} says no.
 */
export function ttlToOwner(ttlMs: number): bigint {
  if (!isValidTtl(ttlMs)) throw new RangeError(`a TTL of ${ttlMs} ms`);
  return BigInt.asIntN(64, 0xff00_0000_0000_0000n | BigInt(ttlMs));
}

/**
 * The TTL in ms of an owner whose type is `ttl`. It keeps the low 40 bits and so cuts a longer TTL of 3.5.3,
 * as Apache does.
 */
export function ownerToTtl(owner: bigint): number {
  return Number(owner & TTL_VALUE_MASK);
}

/** What `owner`, a signed 64-bit value, stands for. */
export function ephemeralTypeOf(owner: bigint, types: ExtendedTypes): EphemeralType {
  if (owner === 0n) return EphemeralType.void;
  if (owner === CONTAINER_OWNER) return EphemeralType.container;
  if (owner > 0n || types === 'off') return EphemeralType.normal;
  if (types === 'extended353') return EphemeralType.ttl;
  if (owner >> 56n !== -1n) return EphemeralType.normal;
  return ((owner >> 40n) & 0xffffn) === 0n ? EphemeralType.ttl : EphemeralType.unknown;
}
