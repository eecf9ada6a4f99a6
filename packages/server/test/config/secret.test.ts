import { inspect } from 'node:util';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { type ParsedConfig, parseServerConfig } from '../../src/config/config.ts';
import { describeProblem, describeWarning } from '../../src/config/config-report.ts';
import { Secret } from '../../src/config/secret.ts';

const PLANTED = 'hunter2hunter2hunter2';

function everyPrintedForm(value: object): string {
  const lines: string[] = [];
  pino({}, { write: (line: string) => lines.push(line) }).info({ value }, 'a line');
  return [
    String(value),
    JSON.stringify(value),
    JSON.stringify({ ...value }),
    inspect(value, { depth: null, showHidden: true, getters: true }),
    inspect({ nested: [value] }, { depth: null }),
    ...lines,
  ].join('\n');
}

function everyMessage(parsed: ParsedConfig): string {
  const problems = parsed.ok ? [] : parsed.problems.map(describeProblem);
  return [...problems, ...parsed.warnings.map(describeWarning), JSON.stringify(parsed)].join('\n');
}

describe('immunity: CVE-2026-24308: a secret of the configuration is never printed', () => {
  test('a secret prints as stars in every way, and reveals itself only when asked', () => {
    const secret = new Secret(PLANTED);
    expect(everyPrintedForm(secret)).not.toContain(PLANTED);
    expect(`${secret}`).toBe('***');
    expect(JSON.stringify({ secret })).toBe('{"secret":"***"}');
    expect(inspect({ secret })).toBe('{ secret: *** }');
    expect(secret.reveal()).toBe(PLANTED);
  });

  test('a planted superDigest is in no printed form of the configuration', () => {
    const parsed = parseServerConfig({
      file: 'zoo.cfg',
      text: [
        'dataDir=/data',
        'clientPort=2181',
        'DigestAuthenticationProvider.superDigest=super:\\',
        `   ${PLANTED}`,
        `#DigestAuthenticationProvider.superDigest=super:${PLANTED}`,
        `ssl.keyStore.password=${PLANTED}`,
        `ssl.quorum.trustStore.password=${PLANTED}`,
        `metricsProvider.ssl.keyStore.password=${PLANTED}`,
        `SASLAuthenticationProvider.superPassword ${PLANTED}`,
        `my.misspelt.pasword.and.password=${PLANTED}`,
      ].join('\n'),
      properties: [['zookeeper.ssl.trustStore.password', PLANTED]],
    });
    if (!parsed.ok) throw new Error(parsed.problems.map(describeProblem).join('\n'));
    expect(parsed.config.security.superDigest?.reveal()).toBe(`super:${PLANTED}`);
    expect(everyPrintedForm(parsed.config)).not.toContain(PLANTED);
    expect(everyMessage(parsed)).not.toContain(PLANTED);
    expect([...parsed.config.origin.properties.values()].join()).not.toContain(PLANTED);
    expect(parsed.config.origin.text).toContain('DigestAuthenticationProvider.superDigest=***');
    expect(parsed.config.origin.text.split('\n')).toHaveLength(10);
  });

  test('a superDigest that is refused is not repeated in the refusal', () => {
    const parsed = parseServerConfig({
      text: `dataDir=/data\nclientPort=2181\nDigestAuthenticationProvider.superDigest=${PLANTED}`,
    });
    expect(parsed.ok).toBe(false);
    expect(everyMessage(parsed)).toContain('DigestAuthenticationProvider.superDigest=***');
    expect(everyMessage(parsed)).not.toContain(PLANTED);
  });
});
