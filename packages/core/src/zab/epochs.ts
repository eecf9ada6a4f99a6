import { assert } from '../assert.ts';
import type { MemberOutbox } from './member-outbox.ts';

/** The epochs that a server has promised. */
export interface SavedEpochs {
  /** Of the last leader whose epoch it took: it follows no older one. */
  readonly accepted: number;
  /** Of the last leader whose history it took. */
  readonly current: number;
}

/** The two epochs, in memory and, before anybody hears of them, on disk. Source: QuorumPeer.setAcceptedEpoch, setCurrentEpoch. */
export class Epochs implements SavedEpochs {
  readonly #outbox: Pick<MemberOutbox, 'saveAcceptedEpoch' | 'saveCurrentEpoch'>;
  #accepted: number;
  #current: number;

  constructor(
    saved: SavedEpochs,
    outbox: Pick<MemberOutbox, 'saveAcceptedEpoch' | 'saveCurrentEpoch'>,
  ) {
    this.#outbox = outbox;
    this.#accepted = saved.accepted;
    this.#current = saved.current;
  }

  get accepted(): number {
    return this.#accepted;
  }

  get current(): number {
    return this.#current;
  }

  /** Promises to follow no leader of an older epoch. */
  accept(epoch: number): void {
    assert(epoch > this.#accepted, 'an accepted epoch only grows');
    this.#outbox.saveAcceptedEpoch(epoch);
    this.#accepted = epoch;
  }

  /** The history that is durable here is that of this epoch. */
  adopt(epoch: number): void {
    assert(epoch <= this.#accepted, 'an epoch is accepted before its history is');
    assert(epoch >= this.#current, 'the epoch of the history only grows');
    if (epoch === this.#current) return;
    this.#outbox.saveCurrentEpoch(epoch);
    this.#current = epoch;
  }
}
