/** The table from facts to counters. Hot counters are not here: the core's meter adds to them, see `server-meter.ts`. */
import type { Fact } from '@zooid/core';
import type { ServerStats } from './server-stats.ts';
import type { ShellFact } from './shell-fact.ts';

/** Counts one fact. Facts that no metric asks for change nothing. */
export function countFact(stats: ServerStats, fact: Fact | ShellFact): void {
  switch (fact.kind) {
    case 'session-established':
      stats.connectionRequests += 1;
      break;
    case 'session-resumed':
    case 'session-refused':
      stats.connectionRequests += 1;
      stats.connectionsRevalidated += 1;
      break;
    case 'session-expired':
      stats.staleSessionsExpired += 1;
      break;
    case 'client-closed':
      stats.connectionsDropped += 1;
      if (fact.reason === 'throttled') stats.connectionsRejected += 1;
      if (fact.reason === 'not-serving') stats.closedWithoutServerRunning += 1;
      if (fact.reason === 'large-request-limit') stats.largeRequestsRejected += 1;
      break;
    case 'auth-failed':
      stats.authFailures += 1;
      break;
    case 'quota-exceeded':
      if (fact.isHard) stats.countQuotaExceeded(fact.path.split('/')[1] ?? '');
      break;
    case 'digest-mismatch':
      stats.digestMismatches += 1;
      break;
    case 'recovery-note':
      if (fact.note.kind === 'snapshot-digest-mismatch') stats.digestMismatches += 1;
      break;
    case 'connection-refused':
      stats.connectionsRejected += 1;
      break;
    case 'connection-cut':
      stats.connectionsDropped += 1;
      if (fact.reason === 'no-session-in-time') stats.sessionlessConnectionsExpired += 1;
      break;
    case 'recovered':
      stats.databaseInitTimeMs.add(fact.snapshotMs + fact.logMs);
      stats.startupTxnsLoaded.add(fact.txnCount);
      stats.startupTxnsLoadTimeMs.add(fact.logMs);
      stats.startupSnapshotLoadTimeMs.add(fact.snapshotMs);
      break;
    case 'snapshot-taken':
      stats.snapshotTimeMs.add(fact.durationMs);
      break;
    case 'tree-restored':
      stats.restoreTimeMs.add(fact.durationMs);
      break;
    case 'slow-sync':
      stats.slowFsyncs += 1;
      break;
    case 'log-failed':
      stats.unrecoverableErrors += 1;
      break;
    case 'looking':
      stats.elections += 1;
      break;
    case 'elected':
      stats.serviceTimes.onElected(fact.durationMs);
      break;
    case 'serving':
      stats.serviceTimes.onServing(fact.role, fact.durationMs);
      break;
    case 'learner-sync':
      if (fact.plan === 'snap') stats.snapshotSyncs += 1;
      else stats.diffSyncs += 1;
      stats.syncsInFlight.begin(fact.server, fact.plan);
      break;
    case 'learner-synced':
      stats.syncsInFlight.end(fact.server);
      break;
    case 'learner-lost':
      if (fact.server !== undefined) stats.syncsInFlight.end(fact.server);
      break;
    case 'role-ended':
      stats.syncsInFlight.endAll();
      break;
    default:
      break;
  }
}
