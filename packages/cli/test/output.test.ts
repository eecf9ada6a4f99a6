import { describe, expect, test } from 'vitest';
import { Output } from '../src/output.ts';
import { FakeParts } from './support/fake-parts.ts';

const terminal = { columns: 80, rows: 24 };

describe('colours', () => {
  test.each([
    ['on a terminal', true, terminal, {}],
    ['not in a pipe', false, undefined, {}],
    ['not on a terminal that knows none', false, terminal, { TERM: 'dumb' }],
    ['not if the user wants none', false, terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }],
    ['in a pipe if the user insists', true, undefined, { FORCE_COLOR: '1' }],
    ['not if the user insists', false, terminal, { FORCE_COLOR: '0' }],
  ])('are used %s', (_, isColored, size, environment) => {
    const parts = new FakeParts();
    parts.terminal = size;
    parts.environment = environment;
    const output = new Output(parts);
    expect(output.colors.red('x')).toBe(isColored ? '\u001b[31mx\u001b[39m' : 'x');
    expect(output.errorColors.red('x')).toBe(output.colors.red('x'));
  });
});

describe('JSON', () => {
  const value = { zxid: 2n ** 60n, list: [1] };

  test('is one line for a program, and indented for a person', () => {
    const parts = new FakeParts();
    new Output(parts).json(value);
    expect(parts.out).toBe('{"zxid":"1152921504606846976","list":[1]}\n');
    parts.out = '';
    parts.terminal = terminal;
    new Output(parts).json(value);
    expect(parts.out).toBe('{\n  "zxid": "1152921504606846976",\n  "list": [\n    1\n  ]\n}\n');
  });
});

test('complaints and remarks go to the standard error, the answer does not', () => {
  const parts = new FakeParts();
  const output = new Output(parts);
  output.complain('bad');
  output.note('hint');
  output.line('answer');
  output.write('raw');
  expect([parts.out, parts.errors]).toEqual(['answer\nraw', 'zooid: bad\nhint\n']);
});
