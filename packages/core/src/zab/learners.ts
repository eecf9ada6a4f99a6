import type { JuteWriter } from '@zooid/protocol';
import type { OutputPool } from '../output-pool.ts';
import type { LearnerState } from './learner-state.ts';
import type { PeerCloseReason, PeerLink } from './peer-link.ts';

/** Those that follow this leader, or want to: what is known of each, and the way to it. */
export class Learners {
  readonly #outputs: OutputPool<PeerLink>;
  readonly #states = new Map<PeerLink, LearnerState>();

  constructor(outputs: OutputPool<PeerLink>) {
    this.#outputs = outputs;
  }

  /** Everything that is known of each learner, those that have not said who they are included. */
  all(): MapIterator<LearnerState> {
    return this.#states.values();
  }

  get(link: PeerLink): LearnerState | undefined {
    return this.#states.get(link);
  }

  add(learner: LearnerState): void {
    this.#states.set(learner.link, learner);
  }

  remove(learner: LearnerState): void {
    this.#states.delete(learner.link);
  }

  /** For a packet: one is counted. */
  out(learner: LearnerState): JuteWriter {
    learner.packetsSent++;
    return this.#outputs.of(learner.link);
  }

  close(learner: LearnerState, reason: PeerCloseReason): void {
    const { link } = learner;
    if (link.closing !== undefined || link.isClosed) return;
    link.closing = reason;
    learner.isForwarding = false;
    // Also a link with nothing to send must be seen when the turn ends.
    this.#outputs.of(link);
  }
}
