import picocolors from 'picocolors';
import { describe, expect, test } from 'vitest';
import { keysOf, LiveScreen } from '../../src/terminal/live-screen.ts';
import { printable, printableLine } from '../../src/terminal/printable.ts';
import { renderLine, span, textTable } from '../../src/terminal/text-table.ts';
import { FakeTerminal } from '../support/fake-terminal.ts';

const plain = picocolors.createColors(false);
const colored = picocolors.createColors(true);

describe('a table', () => {
  const columns = [
    { title: 'NAME', align: 'left' },
    { title: 'COUNT', align: 'right' },
    { title: 'REST', align: 'left' },
  ] as const;

  test('has columns as wide as their widest cell, and nothing behind the last one', () => {
    const rows = [
      [span('a'), span('1'), span('x')],
      [span('longer'), span('1234567'), span('yy')],
    ];
    expect(textTable(columns, rows).map((line) => renderLine(line, plain))).toEqual([
      'NAME      COUNT  REST',
      'a             1  x',
      'longer  1234567  yy',
    ]);
  });

  test('is its heading if there are no rows', () => {
    expect(textTable(columns, []).map((line) => renderLine(line, plain))).toEqual([
      'NAME  COUNT  REST',
    ]);
  });
});

describe('a line', () => {
  const line = [span('abc', 'bad'), span('def')];

  test('is cut to the width of the terminal, and colours do not count', () => {
    expect(renderLine(line, plain, 4)).toBe('abcd');
    expect(renderLine(line, colored, 4)).toBe('\u001b[31mabc\u001b[39md');
    expect(renderLine(line, colored, 2)).toBe('\u001b[31mab\u001b[39m');
    expect(renderLine(line, colored, 0)).toBe('');
  });
});

describe('text from elsewhere', () => {
  test('cannot steer the terminal', () => {
    expect(printable('a\u001b[2Jb\n\tc\u009b31m\r')).toBe('a?[2Jb\n\tc?31m?');
    expect(printableLine('a\n\tb')).toBe('a  b');
  });
});

describe('what a terminal sends', () => {
  test.each([
    ['q', ['q']],
    ['ab ', ['a', 'b', ' ']],
    ['\u0003', ['ctrl-c']],
    ['\u001b', ['escape']],
    ['\u001b[A\u001b[Dq', ['up', 'left', 'q']],
    ['\u001b[15~\u001b[1;5Cx', ['x']],
    ['\r', ['enter']],
    ['é\u0001', []],
  ])('%j is the keys %j', (text, keys) => {
    expect(keysOf(text)).toEqual(keys);
  });
});

describe('a live screen', () => {
  test('takes the terminal, shows as many lines as fit, and gives it back', () => {
    const terminal = new FakeTerminal({ columns: 20, rows: 2 });
    const keys: string[] = [];
    const screen = new LiveScreen(
      terminal,
      (key) => keys.push(key),
      () => {},
    );
    expect(terminal.isTaken).toBe(true);
    screen.show(['one', 'two', 'three']);
    expect(terminal.lines).toEqual(['one', 'two']);
    terminal.type('x\u0003');
    expect(keys).toEqual(['x', 'ctrl-c']);
    screen.close();
    expect([terminal.isTaken, terminal.isListening]).toEqual([false, false]);
  });
});
