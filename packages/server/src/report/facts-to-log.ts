/**
 * The table from facts to log lines: level, words, fields, and whether a client can cause the line at will.
 *
 * error = someone must act; warn = degraded, will heal; info = the story an operator tells a colleague; debug = each
 * client. A new fact does not compile until it has its line here.
 */
import type { Client, Fact } from '@zooid/core';
import type { RecoveryFact } from '../disk/recovery.ts';
import { type EnsembleFact, memberLineOf } from './member-lines.ts';
import type { ShellFact } from './shell-fact.ts';

/** One line to be. */
export interface LogLine {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  /** Lower case, present tense or a plain past, nothing interpolated. */
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number | boolean | undefined>>;
  /** A client can cause it as often as it likes: the line is rate-limited. */
  readonly isProvoked: boolean;
}

type Fields = LogLine['fields'];

const error = (message: string, fields: Fields): LogLine => line('error', message, fields);
const warn = (message: string, fields: Fields): LogLine => line('warn', message, fields);
const info = (message: string, fields: Fields): LogLine => line('info', message, fields);
const debug = (message: string, fields: Fields): LogLine => line('debug', message, fields);
const provoked = (made: LogLine): LogLine => ({ ...made, isProvoked: true });

function line(level: LogLine['level'], message: string, fields: Fields): LogLine {
  return { level, message, fields: rounded(fields), isProvoked: false };
}

/** Times to a tenth of a millisecond: nobody reads more. */
function rounded(fields: Fields): Fields {
  const entries = Object.entries(fields).map(([name, value]) =>
    name.endsWith('Ms') && typeof value === 'number'
      ? ([name, Math.round(value * 10) / 10] as const)
      : ([name, value] as const),
  );
  return Object.fromEntries(entries);
}

/** The line that a fact of the core or of a shell is worth; undefined = none. */
export function lineOf(fact: Fact | ShellFact): LogLine | undefined {
  switch (fact.kind) {
    // Sessions and clients.
    case 'session-established':
      return debug('session established', {
        sessionId: hex(fact.sessionId),
        timeoutMs: fact.timeoutMs,
      });
    case 'session-resumed':
      return debug('session resumed', {
        sessionId: hex(fact.sessionId),
        timeoutMs: fact.timeoutMs,
      });
    case 'session-refused':
      return provoked(
        info('session not resumed', { sessionId: hex(fact.sessionId), reason: fact.reason }),
      );
    case 'session-expired':
      return info('session expired', { sessionId: hex(fact.sessionId), timeoutMs: fact.timeoutMs });
    case 'session-closed':
      return debug('session closed', { sessionId: hex(fact.sessionId) });
    case 'client-closed':
      return isRoutine(fact.reason)
        ? debug('connection closed', { ...who(fact.client), reason: fact.reason })
        : provoked(warn('connection closed', { ...who(fact.client), reason: fact.reason }));
    case 'auth-failed':
      return provoked(warn('authentication failed', { ...who(fact.client), scheme: fact.scheme }));
    case 'auth-succeeded':
      return debug('authenticated', { ...who(fact.client), scheme: fact.scheme });
    case 'malformed-request':
      return provoked(
        warn('malformed request', { ...who(fact.client), op: fact.op, detail: fact.message }),
      );
    case 'connection-refused':
      return provoked(warn('connection refused', { address: fact.address, reason: fact.reason }));
    case 'connection-cut':
      return provoked(
        warn('connection cut off', {
          address: fact.address,
          reason: fact.reason,
          detail: fact.detail,
        }),
      );

    // The tree.
    case 'cleaner-delete':
      return debug('unused znode deleted', { path: fact.path });
    case 'quota-exceeded': {
      const { path, subtree, unit, isHard, current, limit } = fact;
      const message = isHard ? 'write refused by a quota' : 'soft quota exceeded';
      return provoked(warn(message, { path, subtree, unit, current, limit }));
    }
    case 'digest-mismatch':
      return error('digest of the tree differs from the recorded one', {
        zxid: hex(fact.zxid),
        expected: hex(fact.expected),
        actual: hex(fact.actual),
        remedy:
          'compare the data with a backup; the log or the memory of this machine may be damaged',
      });
    case 'audit':
      return undefined; // has a log of its own

    // The disk.
    case 'recovered':
      return info('data recovered', {
        snapshotZxid: hex(fact.snapshotZxid),
        lastZxid: hex(fact.lastZxid),
        txnCount: fact.txnCount,
        nodeCount: fact.nodeCount,
        sessionCount: fact.sessionCount,
        durationMs: fact.snapshotMs + fact.logMs,
      });
    case 'log-tail-cut':
      return warn('torn end of the transaction log cut off', {
        file: fact.file,
        offset: fact.offset,
        bytes: fact.bytes,
      });
    case 'snapshot-unusable':
      return warn('snapshot cannot be used, an older one is tried', {
        file: fact.file,
        reason: fact.reason,
      });
    case 'snapshot-taken':
      return info('snapshot taken', {
        zxid: hex(fact.zxid),
        file: fact.file,
        bytes: fact.bytes,
        durationMs: fact.durationMs,
      });
    case 'snapshot-failed':
      return error('snapshot failed', { reason: fact.reason });
    case 'tree-restored':
      return warn('tree replaced by a restored snapshot', {
        zxid: hex(fact.zxid),
        durationMs: fact.durationMs,
      });
    case 'restore-resumed':
      return warn('interrupted restore finished', { file: fact.file });
    case 'purge-failed':
      return warn('old files were not removed', { reason: fact.reason });
    case 'recovery-note':
      return recoveryNote(fact.note);
    case 'files-purged':
      return info('old files purged', { count: fact.count });
    case 'slow-sync':
      return provoked(
        warn('slow sync of the transaction log', {
          durationMs: fact.durationMs,
          thresholdMs: fact.thresholdMs,
          file: fact.file,
        }),
      );
    case 'log-failed':
      return error('transaction log failed, no write is taken any more', {
        file: fact.file,
        reason: fact.reason,
        remedy: fact.remedy,
      });

    // The process.
    case 'server-started':
      return info('server started', {
        version: fact.version,
        address: fact.address,
        dataDir: fact.dataDir,
        durationMs: fact.durationMs,
      });
    case 'server-stopping':
      return info('server stopping', { cause: fact.cause });
    case 'server-stopped':
      return info('server stopped', { durationMs: fact.durationMs });
    case 'listening':
      return info('listening', { service: fact.service, address: fact.address });
    case 'client-port-unavailable':
      return error('the new client port cannot be had yet, the old one stays', {
        address: fact.address,
        reason: fact.reason,
        remedy: 'end whatever has the port, or give this server another one by a reconfiguration',
      });
    case 'config-warning':
      return warn('configuration', { key: fact.key, detail: fact.message });
    case 'loop-paused':
      return provoked(warn('event loop paused', { durationMs: fact.durationMs }));
    case 'word-asked':
      return debug('four-letter word', { word: fact.word, address: fact.address });
    case 'admin-command':
      return provoked(
        info('admin command', {
          command: fact.command,
          address: fact.address,
          status: fact.status,
        }),
      );
    case 'admin-failed':
      return error('admin command failed', { command: fact.command, reason: fact.reason });
    default:
      return ofMember(fact);
  }
}

function ofMember(fact: EnsembleFact): LogLine {
  const { level, message, fields, pace } = memberLineOf(fact);
  const made = line(level, message, fields);
  return pace === 'provoked' ? provoked(made) : made;
}

/** What recovery saw and could live with. */
function recoveryNote(note: RecoveryFact): LogLine {
  switch (note.kind) {
    case 'snapshot-refused':
      return warn('snapshot cannot be used, an older one is tried', {
        file: note.file,
        reason: note.reason,
      });
    case 'log-tail-torn':
      return warn('torn end of the transaction log cut off', {
        file: note.flaw.path,
        offset: note.flaw.offset,
        savedAs: note.savedAs,
      });
    case 'log-without-records':
      return info('transaction log without a record', {
        file: note.flaw.path,
        offset: note.flaw.offset,
      });
    case 'duplicate-records':
      return info('transaction log holds records twice', { count: note.count });
    case 'snapshot-digest-mismatch':
      return error('digest of the snapshot differs from its data', {
        zxid: hex(note.zxid),
        expected: hex(note.expected),
        actual: hex(note.actual),
        remedy:
          'compare the data with a backup; the snapshot or the memory of this machine may be damaged',
      });
    case 'snapshot-digest-not-reached':
      return warn('snapshot holds changes that the transaction log does not reach', {
        zxid: hex(note.zxid),
        lastZxid: hex(note.lastZxid),
      });
  }
}

/** Ends of a connection that belong to every day. */
function isRoutine(reason: Extract<Fact, { kind: 'client-closed' }>['reason']): boolean {
  return reason === 'session-closed' || reason === 'session-expired' || reason === 'session-moved';
}

function who(client: Client): Fields {
  return {
    address: client.address,
    sessionId: client.session === undefined ? undefined : hex(client.session.id),
  };
}

/** 64 bits as every tool of ZooKeeper writes them. */
function hex(value: bigint | number): string {
  return `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`;
}
