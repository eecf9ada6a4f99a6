import type { Membership } from '@zooid/protocol';
import type { OwnNotification } from '../election/fast-leader-election.ts';
import type { NewState } from '../new-state.ts';
import type { ServerId } from '../quorum/quorum.ts';
import type { PeerLink } from './peer-link.ts';

/**
 * What a member of an ensemble asks of the outside world, besides what every server does (`Outbox`).
 *
 * Calls record intent and return at once; completion comes back as an event of `Member`, in a turn of its own. The two that save an
 * epoch are the exception: they return when it is durable.
 */
export interface MemberOutbox {
  // ── Election port ─────────────────────────────────────────────────────────────────────────────────

  /** Tell `to`. Only the newest notification to a server need arrive; it is sent again on every new connection to that server. */
  notify(to: ServerId, notification: OwnNotification): void;
  /** See to it that there are election connections to all voters; those that are there stay. */
  connectAll(): void;

  // ── Quorum port ───────────────────────────────────────────────────────────────────────────────────

  /** This server begins to lead: accept learners, each of which becomes a `Member.onLearnerConnected`. */
  acceptLearners(): void;
  /** Stop accepting. Links that exist end by `closing`. */
  refuseLearners(): void;
  /**
   * Connect to the quorum port of `leader`, trying again every few milliseconds while it refuses, until `Member.onLeaderConnected`
   * or {@link cancelConnect}. One at a time.
   */
  connectToLeader(leader: ServerId): void;
  /** Give the attempt up. No effect when there is none. */
  cancelConnect(): void;
  /** `isHeld` of this link is over: hand in what has arrived, read again. Never within a call of the same link's packets. */
  resume(link: PeerLink): void;
  /**
   * Send the whole state of this moment behind what is in `link.out` now, in the form of {@link PeerLink.incoming}; what is written to
   * `link.out` later goes behind it. The image must begin within the call. `Member.onSnapshotSent` follows. One at a time.
   */
  sendSnapshot(link: PeerLink): void;

  // ── Disk ──────────────────────────────────────────────────────────────────────────────────────────

  /** Makes `acceptedEpoch` durable. @throws what the system says: then the server must stop, without another call into the core. */
  saveAcceptedEpoch(epoch: number): void;
  /** Makes `currentEpoch` durable. @throws as {@link saveAcceptedEpoch}. */
  saveCurrentEpoch(epoch: number): void;
  /**
   * Cut the log back so that `zxid` is its last record, and load the state anew from what is left (`ServerCore.beginRestore` and so on).
   * `Member.onLogTruncated` follows; or `Member.onLogNotTruncated`, when no snapshot is left that goes no further than `zxid`: then
   * nothing may have changed. Everything appended is durable and applied when this is called.
   */
  truncateLog(zxid: number): void;
  /** Make this state the one on disk and in memory (`ServerCore.replaceState`); `Member.onStateInstalled` follows when it is durable. */
  installState(state: NewState): void;
  /**
   * Read the transactions after `afterZxid` up to and including `lastZxid` from the log on disk, all of them together with no more than
   * `bytesMax` bytes, and hand each to `Member.onLogRead`, then `Member.onLogReadEnd`.
   */
  readLog(link: PeerLink, afterZxid: number, lastZxid: number, bytesMax: number): void;

  // ── Configuration ─────────────────────────────────────────────────────────────────────────────────

  /** A configuration was proposed that may take the place of the one in force: its servers can be talked to, and it is kept over a restart. */
  saveSeenMembership(membership: Membership): void;
  /** A configuration is in force: servers are where it says, this one included, and it is what a restart begins with. */
  activateMembership(membership: Membership): void;

  // ── Clients ───────────────────────────────────────────────────────────────────────────────────────

  /** This server serves no more: every connection of a client is closed once what was answered is sent. */
  closeClients(): void;

  // ── Facts ─────────────────────────────────────────────────────────────────────────────────────────

  /** Something an operator would want to know. Never needed for correctness. */
  reportMember(fact: MemberFact): void;
}

/** What a member tells about itself and its ensemble. */
export type MemberFact =
  | {
      readonly kind: 'looking';
      readonly round: number;
      readonly zxid: number;
      readonly epoch: number;
    }
  | { readonly kind: 'elected'; readonly leader: ServerId; readonly durationMs: number }
  | { readonly kind: 'epoch-accepted'; readonly epoch: number }
  | {
      readonly kind: 'serving';
      readonly role: 'leading' | 'following' | 'observing';
      readonly leader: ServerId;
      readonly epoch: number;
      readonly durationMs: number;
    }
  | {
      readonly kind: 'role-ended';
      readonly role: 'leading' | 'following' | 'observing';
      readonly reason: string;
    }
  | { readonly kind: 'learner-joined'; readonly server: ServerId; readonly address: string }
  | {
      readonly kind: 'learner-sync';
      readonly server: ServerId;
      readonly plan: 'diff' | 'trunc' | 'snap';
      /** Last zxid of the learner, and where the plan brings it. */
      readonly from: number;
      readonly to: number;
    }
  | { readonly kind: 'learner-synced'; readonly server: ServerId }
  | {
      readonly kind: 'learner-lost';
      readonly server: ServerId | undefined;
      readonly address: string;
      readonly reason: string;
    }
  | {
      readonly kind: 'sync-received';
      readonly plan: 'diff' | 'trunc' | 'snap';
      readonly zxid: number;
    }
  | { readonly kind: 'read-only' }
  | { readonly kind: 'membership-changed'; readonly version: number; readonly text: string }
  | { readonly kind: 'peer-malformed'; readonly address: string; readonly message: string };
