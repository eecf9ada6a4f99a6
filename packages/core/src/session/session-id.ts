/** Marks a container znode where others have the session that owns them; no session may have it. */
const CONTAINER_OWNER = -(2n ** 63n);

/**
 * The id of the first session that a server makes after its start: the server's number in the top
 * byte, then 40 bits of the time, then 16 zero bits. Unique in the ensemble as long as one server
 * makes fewer than 65,536 sessions for each millisecond of its life.
 *
 * @param serverId - `myid`, 0 to 255; 1 when standalone, as in Apache.
 * @param wallMs - milliseconds since 1970. (Java takes the time since boot; ids that start again
 *   after a reboot could be those of sessions that still live.)
 *
 * Source: SessionTrackerImpl.initializeNextSessionId.
 */
export function nextSessionIdStart(serverId: number, wallMs: number): bigint {
  const time = BigInt.asUintN(64, BigInt(wallMs) << 24n) >> 8n;
  const start = BigInt.asIntN(64, time | (BigInt(serverId) << 56n));
  return start === CONTAINER_OWNER ? start + 1n : start;
}

/** The id after `id`: one more, stepping over the value that marks containers. */
export function sessionIdAfter(id: bigint): bigint {
  const next = BigInt.asIntN(64, id + 1n);
  return next === CONTAINER_OWNER ? next + 1n : next;
}

/** Number of the server that made the session: the top byte. Source: LeaderSessionTracker.getServerIdFromSessionId. */
export function serverIdOf(id: bigint): number {
  return Number(BigInt.asUintN(8, id >> 56n));
}

/** Gives out ids of new sessions of one server. */
export class SessionIds {
  #next: bigint;

  constructor(serverId: number, wallMs: number) {
    this.#next = nextSessionIdStart(serverId, wallMs);
  }

  /** @param isTaken - ids grow from the wall clock; where that went back they are somebody's. */
  next(isTaken: (id: bigint) => boolean): bigint {
    let id = this.#next;
    while (isTaken(id)) id = sessionIdAfter(id);
    this.#next = sessionIdAfter(id);
    return id;
  }
}
