import type { JuteWriter } from '@zooid/protocol';

/** Why this server ends a connection to another one. */
export type PeerCloseReason =
  | 'role-ended'
  | 'malformed'
  | 'unexpected-packet'
  | 'silent'
  | 'acks-too-late'
  | 'not-in-time'
  | 'epoch-behind'
  | 'history-ahead'
  | 'config-ahead'
  | 'replaced'
  | 'log-unavailable'
  | 'reads-too-slowly';

/**
 * A connection on the quorum port, between a leader and one of its learners, as the core sees it from either end. A shell
 * extends it with its socket: it hands every complete packet to `Member.onPeerPacket`, finds what to send in {@link out} when a
 * turn ends, and hangs up afterwards when {@link closing} says so.
 */
export class PeerLink {
  /** Address of the other side, for logs. */
  readonly address: string;
  /** Packets of this turn; undefined when there are none. */
  out: JuteWriter | undefined = undefined;
  /** Set when this server hangs up: everything in {@link out} is sent first. */
  closing: PeerCloseReason | undefined = undefined;
  /** The connection is gone, whoever ended it. */
  isClosed = false;
  /**
   * While set, no packet is handed in: the shell looks at it after each packet, keeps what else has arrived and stops reading.
   * `MemberOutbox.resume` tells when it is over.
   */
  isHeld = false;
  /**
   * What follows in the stream. After a SNAP packet the core sets `snapshot`: from the next byte on there is a stream as
   * `storage/snapshot-format.ts` describes it, without header and seals (sessions, ACLs, znodes, "/"), and the text
   * `BenWasHere`. The shell reads it into a `NewState` and hands that to `Member.onSnapshotReceived`; then packets follow.
   */
  incoming: 'packets' | 'snapshot' = 'packets';

  constructor(address: string) {
    this.address = address;
  }
}
