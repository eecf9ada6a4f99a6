import { Writable } from 'node:stream';
import { Client, type Fact } from '@zooid/core';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/config/secret.ts';
import { lineOf } from '../../src/report/facts-to-log.ts';
import { LineLimiter } from '../../src/report/line-limiter.ts';
import { createLogger, isLogLevel, type LogLevel } from '../../src/report/logger.ts';
import { Reporter } from '../../src/report/reporter.ts';
import { ServerStats } from '../../src/report/server-stats.ts';
import type { ShellFact } from '../../src/report/shell-fact.ts';

function capture(level: LogLevel) {
  let text = '';
  const destination = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  const log = createLogger({ level, destination });
  const lines = (): Record<string, unknown>[] =>
    text === ''
      ? []
      : text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line));
  return { log, lines, text: () => text };
}

function reporterOf(level: LogLevel) {
  const { log, lines } = capture(level);
  const stats = new ServerStats();
  const clock = { nowMs: 0 };
  return { reporter: new Reporter({ log, stats, nowMs: () => clock.nowMs }), stats, lines, clock };
}

const client = new Client({ address: '10.0.0.7' });

describe('the log', () => {
  it('is one JSON object a line, with the level in words and the time in ISO form', () => {
    const { log, lines } = capture('info');
    log.info({ zxid: '0x1f' }, 'snapshot taken');
    expect(lines()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        zxid: '0x1f',
        msg: 'snapshot taken',
      },
    ]);
  });

  it('never prints a secret, whatever the field is called or however deep it is', () => {
    const { log, text } = capture('trace');
    const secret = new Secret('planted-1');
    log.info({ value: secret, nested: { deeper: { deepest: { secret } } } }, 'x');
    log.info({ password: 'planted-2', config: { superDigest: 'planted-3' } }, 'x');
    log.info({ request: { headers: { authorization: 'digest root:planted-4' } } }, 'x');
    log.info(`the secret is ${secret}`);
    expect(text()).not.toContain('planted');
    expect(text()).toContain('***');
  });

  it('knows its levels', () => {
    expect(['silent', 'info', 'trace'].every(isLogLevel)).toBe(true);
    expect(isLogLevel('verbose')).toBe(false);
  });
});

describe('facts', () => {
  it('become lines with the level that tells whether somebody must act', () => {
    const { reporter, lines } = reporterOf('info');
    const expired = { kind: 'session-expired', sessionId: -1n, timeoutMs: 6000 } as const;
    reporter.report(expired);
    reporter.report({
      kind: 'log-failed',
      file: 'log.1',
      reason: 'EIO',
      remedy: 'replace the disk',
    });
    reporter.report({ kind: 'session-established', sessionId: 1n, timeoutMs: 6000 });
    expect(lines()).toMatchObject([
      { level: 'info', msg: 'session expired', sessionId: '0xffffffffffffffff', timeoutMs: 6000 },
      { level: 'error', remedy: 'replace the disk' },
    ]);
  });

  it('of one kind that clients can cause fill ten lines in ten seconds, and the next tells how many were held back', () => {
    const { reporter, stats, lines, clock } = reporterOf('info');
    const refused: ShellFact = {
      kind: 'connection-refused',
      address: '10.0.0.7',
      reason: 'throttled',
    };
    for (let i = 0; i < 500; i += 1) reporter.report(refused);
    expect(lines().length).toBe(10);
    expect(stats.connectionsRejected).toBe(500);
    reporter.report({ kind: 'server-stopping', cause: 'SIGTERM' });
    expect(lines().length).toBe(11);
    clock.nowMs = 10_000;
    reporter.report(refused);
    expect(lines().at(-1)).toMatchObject({ heldBack: 490 });
  });

  it('are counted', () => {
    const { reporter, stats } = reporterOf('silent');
    const facts: (Fact | ShellFact)[] = [
      { kind: 'session-established', sessionId: 1n, timeoutMs: 1 },
      { kind: 'session-refused', sessionId: 1n, reason: 'password' },
      { kind: 'session-expired', sessionId: 1n, timeoutMs: 1 },
      { kind: 'auth-failed', client, scheme: 'digest' },
      { kind: 'client-closed', client, reason: 'large-request-limit' },
      { kind: 'connection-cut', address: 'x', reason: 'no-session-in-time' },
      { kind: 'slow-sync', durationMs: 2000, thresholdMs: 1000, file: 'log.1' },
      { kind: 'snapshot-taken', zxid: 1, file: 'snapshot.1', bytes: 1, durationMs: 7 },
      { kind: 'digest-mismatch', zxid: 1, expected: 1n, actual: 2n },
      {
        kind: 'recovery-note',
        note: { kind: 'snapshot-digest-mismatch', zxid: 1, expected: 1n, actual: 2n },
      },
      { kind: 'recovery-note', note: { kind: 'duplicate-records', count: 7 } },
      {
        kind: 'quota-exceeded',
        path: '/a/b',
        subtree: '/a',
        unit: 'count',
        isHard: true,
        current: 2,
        limit: 1,
      },
      {
        kind: 'quota-exceeded',
        path: '/s/b',
        subtree: '/s',
        unit: 'count',
        isHard: false,
        current: 2,
        limit: 1,
      },
    ];
    for (const fact of facts) reporter.report(fact);
    expect(stats).toMatchObject({
      connectionRequests: 2,
      connectionsRevalidated: 1,
      staleSessionsExpired: 1,
      authFailures: 1,
      largeRequestsRejected: 1,
      connectionsDropped: 2,
      sessionlessConnectionsExpired: 1,
      slowFsyncs: 1,
      digestMismatches: 2,
    });
    expect(stats.snapshotTimeMs.sum).toBe(7);
    expect(Object.fromEntries(stats.quotaExceededByNamespace)).toEqual({ a: 1 });
  });

  it('tell a connection that ends every day from one that was ended', () => {
    const closed = (reason: 'session-closed' | 'malformed') =>
      lineOf({ kind: 'client-closed', client, reason });
    expect(closed('session-closed')).toMatchObject({ level: 'debug', isProvoked: false });
    expect(closed('malformed')).toMatchObject({ level: 'warn', isProvoked: true });
  });
});

describe('LineLimiter', () => {
  it('counts each kind for itself', () => {
    const limiter = new LineLimiter();
    for (let i = 0; i < 10; i += 1) expect(limiter.tryPass('a', 0)).toBe(0);
    expect(limiter.tryPass('a', 0)).toBeUndefined();
    expect(limiter.tryPass('b', 0)).toBe(0);
  });
});
