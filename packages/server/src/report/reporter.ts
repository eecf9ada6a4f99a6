/** Where every fact goes: a log line, a counter, the audit log. */
import type { Fact } from '@zooid/core';
import type { Logger } from 'pino';
import type { AuditLog } from './audit.ts';
import { lineOf } from './facts-to-log.ts';
import { countFact } from './facts-to-metrics.ts';
import { LineLimiter } from './line-limiter.ts';
import type { ServerStats } from './server-stats.ts';
import type { ShellFact } from './shell-fact.ts';

/** What a reporter writes to. */
export interface ReporterParts {
  readonly log: Pick<Logger, 'error' | 'warn' | 'info' | 'debug'>;
  readonly stats: ServerStats;
  /** Undefined while `audit.enable` is off. */
  readonly audit?: AuditLog | undefined;
  /** Monotonic clock, for the limit of provoked lines. */
  readonly nowMs: () => number;
}

/** Turns facts into lines and counts. Never throws for a fact. */
export class Reporter {
  readonly #parts: ReporterParts;
  readonly #limiter = new LineLimiter();

  constructor(parts: ReporterParts) {
    this.#parts = parts;
  }

  /** Reports one fact of the core or of a shell. */
  report(fact: Fact | ShellFact): void {
    const { log, stats, audit, nowMs } = this.#parts;
    countFact(stats, fact);
    if (fact.kind === 'audit') {
      audit?.recordFact(fact);
      return;
    }
    const line = lineOf(fact);
    if (line === undefined) return;
    if (!line.isProvoked) {
      log[line.level](line.fields, line.message);
      return;
    }
    const heldBack = this.#limiter.tryPass(fact.kind, nowMs());
    if (heldBack === undefined) return;
    log[line.level](heldBack === 0 ? line.fields : { ...line.fields, heldBack }, line.message);
  }
}
