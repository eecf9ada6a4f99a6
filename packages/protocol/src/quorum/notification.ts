/**
 * A vote, as servers send it to each other on the election port; each in a frame of at most 512 KiB.
 *
 *     28 bytes  := int state · long leader · long zxid · long electionEpoch                (3.3)
 *     40 bytes  := the same · long peerEpoch · int (not looked at)                         (3.4)
 *     from 40   := the same · long peerEpoch · int version · [int length · byte[length]]   (config when version > 1)
 *
 * Every long is a bigint: a server that cannot vote sends `Long.MIN_VALUE` for all of them, which no number can
 * hold. Source: FastLeaderElection.buildMsg, WorkerReceiver.run.
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';
import { MalformedError } from '../malformed-error.ts';

/** What a server is doing. Source: QuorumPeer.ServerState. */
export const ServerState = {
  looking: 0,
  following: 1,
  leading: 2,
  observing: 3,
} as const;

export type ServerState = (typeof ServerState)[keyof typeof ServerState];

/** Whether a state on the wire is known; a notification of any other is dropped. */
export function isServerState(state: number): state is ServerState {
  return state >= ServerState.looking && state <= ServerState.observing;
}

/** Version of a notification that carries a configuration. */
export const NOTIFICATION_VERSION = 2;

/** The longest notification; a peer that announces a longer frame is cut off. Source: QuorumCnxManager.PACKETMAXSIZE. */
export const NOTIFICATION_BYTES_MAX: number = 512 * 1024;

/** What a server that cannot vote sends for leader, zxid and peerEpoch: `Long.MIN_VALUE`. */
export const NO_VOTE: bigint = -(2n ** 63n);

export interface Notification {
  /** A {@link ServerState} of the sender, or whatever it sent. */
  readonly state: number;
  /** Server id of the leader that the sender votes for. */
  readonly leader: bigint;
  /** Last zxid of that leader. */
  readonly zxid: bigint;
  /** The sender's round of election (its logical clock). */
  readonly electionEpoch: bigint;
  /** Epoch of that leader. */
  readonly peerEpoch: bigint;
  /** {@link NOTIFICATION_VERSION}; 1 for 3.4.6 and later of 3.4; 0 when it is not said. */
  readonly version: number;
  /** Text of the sender's configuration; null below version 2. A view of the bytes read. */
  readonly config: Uint8Array | null;
}

const BYTES_WITHOUT_PEER_EPOCH = 28;
const BYTES_WITHOUT_VERSION = 40;

/** Reads a notification of any age, up to the reader's end. @throws MalformedError when it is cut short. */
export function decodeNotification(reader: JuteReader): Notification {
  const size = reader.remaining;
  const state = reader.int();
  const leader = reader.long();
  const zxid = reader.long();
  const electionEpoch = reader.long();
  if (size === BYTES_WITHOUT_PEER_EPOCH) {
    const peerEpoch = zxid >> 32n;
    return { state, leader, zxid, electionEpoch, peerEpoch, version: 0, config: null };
  }
  const peerEpoch = reader.long();
  const word = reader.int();
  const version = size === BYTES_WITHOUT_VERSION ? 0 : word;
  if (version < NOTIFICATION_VERSION) {
    return { state, leader, zxid, electionEpoch, peerEpoch, version, config: null };
  }
  const config = reader.buffer();
  if (config === null) throw new MalformedError('a notification whose configuration has length -1');
  return { state, leader, zxid, electionEpoch, peerEpoch, version, config };
}

/**
 * Appends a notification: in full when it has a configuration, else in the form of 40 bytes, which says no
 * version.
 */
export function encodeNotification(writer: JuteWriter, notification: Notification): void {
  writer.int(notification.state);
  writer.long(notification.leader);
  writer.long(notification.zxid);
  writer.long(notification.electionEpoch);
  writer.long(notification.peerEpoch);
  if (notification.config === null) {
    writer.int(1);
    return;
  }
  writer.int(notification.version);
  writer.buffer(notification.config);
}
