import type { ServerId } from '../quorum/quorum.ts';
import { AckDeadline } from './ack-deadline.ts';
import type { PeerLink } from './peer-link.ts';
import { PingAnswers } from './ping-answers.ts';

/**
 * The leader's view of one learner.
 *
 *     greeting ──► informed ──► acknowledged ──► synced-up ──► ready          (who it is)  (my epoch)  (took it)  (history sent)  (has it)
 *
 * `acknowledged` waits for a quorum to take the epoch, for its turn to get a snapshot, or for the log to be read.
 */
export class LearnerState {
  readonly link: PeerLink;
  phase: 'greeting' | 'informed' | 'acknowledged' | 'synced-up' | 'ready' = 'greeting';
  /** Undefined while it has not said who it is. */
  serverId: ServerId | undefined = undefined;
  kind: 'follower' | 'observer' = 'follower';
  /** Last zxid in its log when it came. */
  lastZxid = 0;
  /** The log on disk was looked at, and cannot bring it up. */
  needsSnapshot = false;
  /** New proposals (of a follower) or transactions (of an observer) are sent to it. */
  isForwarding = false;
  /** Everything up to here is on its disk. */
  ackedZxid = 0;
  readonly acks: AckDeadline = new AckDeadline();
  readonly pings: PingAnswers = new PingAnswers();
  /** Answers to pings that it knows to have arrived. */
  confirmedCount = 0;
  /** When something was heard of it last (monotonic, ms), without the time in which this server stood still. */
  heardMs: number;
  /** When the handshake must be done. */
  dueMs: number;

  /** When it came (monotonic, ms). */
  readonly connectedMs: number;
  /** Since it came, or since a reset. */
  packetsReceived = 0;
  packetsSent = 0;
  /** Requests of its clients. */
  requestCount = 0;

  constructor(link: PeerLink, nowMs: number, dueMs: number) {
    this.link = link;
    this.connectedMs = nowMs;
    this.heardMs = nowMs;
    this.dueMs = dueMs;
  }
}
