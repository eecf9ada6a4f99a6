/**
 * What the shells tell about themselves: files, sockets, the process. The core's own facts are `Fact` in its outbox.ts;
 * both go through `Reporter`, which makes log lines and metrics of them.
 */

import type { RecoveryFact } from '../disk/recovery.ts';
import type { EnsembleFact } from './member-lines.ts';

/** Why a new connection was turned away. */
export type RefusalReason = 'too-many-from-address' | 'too-many-connections' | 'throttled';

/** Why an open connection was ended by the shell rather than by the core. */
export type CutReason =
  | 'frame-too-long'
  | 'frame-negative'
  | 'no-session-in-time'
  | 'reads-too-slowly'
  | 'socket-error'
  | 'shed';

/** One thing that happened. Times are milliseconds, sizes bytes. */
export type ShellFact =
  | EnsembleFact
  | {
      readonly kind: 'server-started';
      readonly version: string;
      readonly address: string;
      readonly dataDir: string;
      readonly durationMs: number;
    }
  | { readonly kind: 'server-stopping'; readonly cause: string }
  | { readonly kind: 'server-stopped'; readonly durationMs: number }
  | {
      readonly kind: 'listening';
      readonly service: 'clients' | 'admin' | 'metrics';
      readonly address: string;
    }
  /** Where clients are to be served from now on cannot be had: it is tried again, and they are served where they were. */
  | {
      readonly kind: 'client-port-unavailable';
      readonly address: string;
      readonly reason: string;
    }
  | { readonly kind: 'config-warning'; readonly key: string; readonly message: string }
  | {
      readonly kind: 'recovered';
      readonly snapshotZxid: number;
      readonly lastZxid: number;
      readonly txnCount: number;
      readonly nodeCount: number;
      readonly sessionCount: number;
      readonly snapshotMs: number;
      readonly logMs: number;
    }
  | {
      readonly kind: 'log-tail-cut';
      readonly file: string;
      readonly offset: number;
      readonly bytes: number;
    }
  | { readonly kind: 'snapshot-unusable'; readonly file: string; readonly reason: string }
  | {
      readonly kind: 'snapshot-taken';
      readonly zxid: number;
      readonly file: string;
      readonly bytes: number;
      readonly durationMs: number;
    }
  | { readonly kind: 'snapshot-failed'; readonly reason: string }
  | { readonly kind: 'tree-restored'; readonly zxid: number; readonly durationMs: number }
  /** A swap of the state that a crash had interrupted was finished: this file is all there is now. */
  | { readonly kind: 'restore-resumed'; readonly file: string }
  | { readonly kind: 'files-purged'; readonly count: number }
  | { readonly kind: 'purge-failed'; readonly reason: string }
  | { readonly kind: 'recovery-note'; readonly note: RecoveryFact }
  | {
      readonly kind: 'slow-sync';
      readonly durationMs: number;
      readonly thresholdMs: number;
      readonly file: string;
    }
  | {
      readonly kind: 'log-failed';
      readonly file: string;
      readonly reason: string;
      readonly remedy: string;
    }
  | { readonly kind: 'loop-paused'; readonly durationMs: number }
  | {
      readonly kind: 'connection-refused';
      readonly address: string;
      readonly reason: RefusalReason;
    }
  | {
      readonly kind: 'connection-cut';
      readonly address: string;
      readonly reason: CutReason;
      readonly detail?: string;
    }
  | { readonly kind: 'word-asked'; readonly word: string; readonly address: string }
  | {
      readonly kind: 'admin-command';
      readonly command: string;
      readonly address: string;
      readonly status: number;
    }
  | { readonly kind: 'admin-failed'; readonly command: string; readonly reason: string };
