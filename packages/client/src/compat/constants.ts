/** What an ACL may allow; combined with `|`. */
export const Permission = {
  READ: 1,
  WRITE: 2,
  CREATE: 4,
  DELETE: 8,
  ADMIN: 16,
  ALL: 31,
} as const;

/** What becomes of a new znode. */
export const CreateMode = {
  /** It stays until it is removed. */
  PERSISTENT: 0,
  /** The same, and its name gets ten digits that count up. */
  PERSISTENT_SEQUENTIAL: 2,
  /** It goes with the session that made it. */
  EPHEMERAL: 1,
  /** The same, and its name gets ten digits that count up. */
  EPHEMERAL_SEQUENTIAL: 3,
} as const;

/** Whether the server completes the name of a znode of this mode. */
export function isSequential(mode: number): boolean {
  return mode === CreateMode.PERSISTENT_SEQUENTIAL || mode === CreateMode.EPHEMERAL_SEQUENTIAL;
}
