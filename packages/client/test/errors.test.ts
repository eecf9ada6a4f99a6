import { ErrorCode } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import * as errors from '../src/errors.ts';
import { errorOfCode, ServerError, TransactionError, ZooKeeperError } from '../src/errors.ts';

const facts = { operation: 'set', path: '/a', outcome: 'unknown' } as const;

/** Codes that servers do not send, or for which nobody could do anything special. */
const withoutClass: ReadonlySet<number> = new Set([
  ErrorCode.ok,
  ErrorCode.systemError,
  ErrorCode.runtimeInconsistency,
  ErrorCode.dataInconsistency,
  ErrorCode.connectionLoss,
  ErrorCode.marshallingError,
  ErrorCode.operationTimeout,
  ErrorCode.invalidState,
  ErrorCode.unknownSession,
  ErrorCode.apiError,
  ErrorCode.invalidCallback,
  ErrorCode.closing,
  ErrorCode.nothing,
  ErrorCode.requestTimeout,
]);

describe('an error of a server', () => {
  test.each(Object.entries(ErrorCode))('%s has its class, and says where', (_name, code) => {
    const error = errorOfCode(code, facts);
    expect(error).toBeInstanceOf(ZooKeeperError);
    expect(error instanceof ServerError).toBe(withoutClass.has(code));
    expect(error).toMatchObject({ operation: 'set', path: '/a', name: error.constructor.name });
    expect(error.message).toMatch(/^set \/a: [a-z].*[^.]$/);
  });

  test('of a number that nobody knows keeps the number', () => {
    expect(errorOfCode(-4_711, facts)).toMatchObject({ code: 'SERVER_ERROR', errorCode: -4_711 });
  });

  test('leaves the outcome open only where the server may have gone on', () => {
    const open = Object.values(ErrorCode).filter(
      (code) => errorOfCode(code, facts).outcome === 'unknown',
    );
    expect(open).toEqual([
      ErrorCode.systemError,
      ErrorCode.connectionLoss,
      ErrorCode.operationTimeout,
      ErrorCode.requestTimeout,
    ]);
  });
});

describe('every error', () => {
  type ErrorClass = new (given: errors.ErrorFacts) => ZooKeeperError;
  // Those of one parameter: the others were seen above, or are below.
  const classes = (Object.values(errors) as readonly unknown[]).filter(
    (one): one is ErrorClass =>
      typeof one === 'function' && one.prototype instanceof ZooKeeperError && one.length === 1,
  );

  test.each(classes.map((one) => [one.name, one] as const))(
    '%s has facts in fields',
    (name, One) => {
      const cause = new Error('why');
      const error = new One({ ...facts, cause });
      expect(error).toMatchObject({
        name,
        operation: 'set',
        path: '/a',
        outcome: 'unknown',
        cause,
      });
      expect(error.code).toMatch(/^[A-Z_]+$/);
      expect(['state', 'recoverable', 'unrecoverable']).toContain(error.kind);
      expect(new One({ operation: 'set' }).outcome).toBe('not-applied');
      expect(new One({ operation: 'set', sentence: 'so it is' }).message).toBe('set: so it is');
      expect(ZooKeeperError.is(error)).toBe(true);
    },
  );

  test('has a code of its own', () => {
    const codes = classes.map((One) => new One(facts).code);
    expect(new Set(codes).size).toBe(classes.length);
    expect(classes.length).toBeGreaterThan(20);
  });

  test('is known by another copy of the package, and nothing else is', () => {
    const other = Object.assign(new Error('x'), {
      [Symbol.for('@zooid/client.ZooKeeperError')]: true,
    });
    expect(ZooKeeperError.is(other)).toBe(true);
    for (const value of [new Error('x'), undefined, null, 'x', {}]) {
      expect(ZooKeeperError.is(value)).toBe(false);
    }
  });

  test('of a transaction is that of its operation, by code, path and cause', () => {
    const cause = errorOfCode(ErrorCode.badVersion, { operation: 'check', path: '/x' });
    expect(new TransactionError(3, cause)).toMatchObject({
      code: 'BAD_VERSION',
      path: '/x',
      index: 3,
      cause,
      outcome: 'not-applied',
      message: expect.stringContaining('operation 3 (check /x: '),
    });
  });
});
