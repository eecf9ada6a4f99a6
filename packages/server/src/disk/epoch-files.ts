/**
 * `acceptedEpoch` and `currentEpoch`, beside the snapshots: what a member of an ensemble promised, and whose history it has.
 *
 *     acceptedEpoch   decimal: no leader of an earlier epoch is followed any more
 *     currentEpoch    decimal: the log has the whole history with which the leader of this epoch began
 *
 * A member takes an epoch e in three steps, each durable before the next:
 *
 *     acceptedEpoch = e ──► history of the leader ──► currentEpoch = e ──► acknowledged
 *                                     │ stopped here, with records of e itself in the log: the leader had been serving already
 *                                     └─► last zxid is of e, and currentEpoch is not
 *
 * Such a log has everything with which e began, for the records of e come behind all that; so at the next start
 * currentEpoch follows the log. Apache's server refuses to start there, unless it finds `currentEpoch.tmp`. That file is not
 * needed here, and in ZooKeeper up to 3.8 it may be ahead of the history.
 *
 * Source: QuorumPeer.loadDataBase, Learner.syncWithLeader.
 */

import fs from 'node:fs';
import path from 'node:path';
import { epochOf } from '@zooid/core';
import { type FileCalls, realFiles } from './file-calls.ts';
import { RecoveryError } from './recovery-error.ts';
import { replaceFile } from './replace-file.ts';

/** What the files say. */
export interface Epochs {
  readonly accepted: number;
  readonly current: number;
}

const ACCEPTED_NAME = 'acceptedEpoch';
const CURRENT_NAME = 'currentEpoch';

/** The epoch files of one data directory. All calls are synchronous. */
export class EpochFiles {
  readonly #directory: string;
  readonly #files: FileCalls;

  /** @param directory - of the snapshots: `version-2` under dataDir. Exists. */
  constructor(directory: string, files: FileCalls = realFiles) {
    this.#directory = directory;
    this.#files = files;
  }

  /**
   * Reads both, after recovery. A file that is missing is made, with the epoch of the last zxid: so begins a new member, and one
   * that was a standalone server.
   *
   * @param lastZxid - of the log and the snapshots.
   * @throws RecoveryError when the files cannot be those of this log, or be read; what the system says when one cannot be written.
   */
  load(lastZxid: number): Epochs {
    const logged = epochOf(lastZxid);
    const stored = { accepted: this.#tryRead(ACCEPTED_NAME), current: this.#tryRead(CURRENT_NAME) };
    const accepted = stored.accepted ?? logged;
    let current = stored.current ?? logged;
    if (current < logged) {
      if (accepted < logged) throw this.#behind(current, accepted, lastZxid);
      current = logged;
    }
    if (accepted < current) throw this.#contradiction(accepted, current);
    // In the order in which they are taken: whenever this stops, they agree.
    if (stored.accepted !== accepted) this.saveAccepted(accepted);
    if (stored.current !== current) this.saveCurrent(current);
    return { accepted, current };
  }

  /** Durable when it returns. @throws what the system says. */
  saveAccepted(epoch: number): void {
    this.#save(ACCEPTED_NAME, epoch);
  }

  /** Durable when it returns. @throws what the system says. */
  saveCurrent(epoch: number): void {
    this.#save(CURRENT_NAME, epoch);
  }

  #save(name: string, epoch: number): void {
    replaceFile(this.#pathOf(name), String(epoch), 'latin1', this.#files);
  }

  /** Undefined if there is no such file. */
  #tryRead(name: string): number | undefined {
    const file = this.#pathOf(name);
    let text: string;
    try {
      text = fs.readFileSync(file, 'latin1');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw this.#unreadable(file, `it cannot be read (${(error as Error).message})`, error);
    }
    const epoch = /^\d{1,15}$/.test(text.trim()) ? Number(text.trim()) : undefined;
    if (epoch === undefined) throw this.#unreadable(file, 'this is not the number of an epoch');
    return epoch;
  }

  #unreadable(file: string, what: string, cause?: unknown): RecoveryError {
    const remedy =
      'Put the file back from a backup. If there is none, empty the data directories of this server, keep myid, and let it copy the state of the ensemble.';
    return new RecoveryError('EPOCH_UNREADABLE', file, 0, what, remedy, cause);
  }

  #behind(current: number, accepted: number, lastZxid: number): RecoveryError {
    return new RecoveryError(
      'EPOCH_BEHIND',
      this.#pathOf(CURRENT_NAME),
      0,
      `the last zxid, 0x${lastZxid.toString(16)}, is of epoch ${epochOf(lastZxid)}, which this server never took part in: it accepted epoch ${accepted}, and its history is of epoch ${current}`,
      'Log and snapshots came here without their epoch files: copy acceptedEpoch and currentEpoch from the same place, or empty the data directories, keep myid, and let the server copy the state of the ensemble.',
    );
  }

  #contradiction(accepted: number, current: number): RecoveryError {
    return new RecoveryError(
      'EPOCH_BEHIND',
      this.#pathOf(ACCEPTED_NAME),
      0,
      `the accepted epoch, ${accepted}, is before the current epoch, ${current}`,
      `The two files are not of the same time: put both back from one backup. If this server has promised nothing since, write ${current} into acceptedEpoch.`,
    );
  }

  #pathOf(name: string): string {
    return path.join(this.#directory, name);
  }
}
