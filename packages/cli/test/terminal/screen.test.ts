import picocolors from 'picocolors';
import { describe, expect, test } from 'vitest';
import { inColumns } from '../../src/terminal/columns.ts';
import { createScreen } from '../../src/terminal/screen.ts';
import { span } from '../../src/terminal/text-table.ts';
import { cutToWidth, padToWidth, textWidth } from '../../src/terminal/text-width.ts';

describe('a screen', () => {
  test('colours what it shows, and keeps the texts from doing so', () => {
    let written = '';
    const write = (text: string) => {
      written += text;
    };
    const screen = createScreen(write, () => 80, picocolors.createColors(true));
    screen.show([[span('good', 'good'), span(' \u001b[31mbad\n')]]);
    expect(written).toBe('\u001b[32mgood\u001b[39m ?[31mbad\n');
  });

  test('is written to once for all the lines of an answer', () => {
    const written: string[] = [];
    const screen = createScreen(
      (text) => written.push(text),
      () => 80,
      picocolors.createColors(false),
    );
    screen.show([[span('one')], [], [span('two')]]);
    screen.show([]);
    expect(written).toEqual(['one\n\ntwo\n']);
  });
});

describe('the width of a text', () => {
  test.each([
    ['', 0],
    ['abc', 3],
    ['ünï', 3],
    ['e\u0301', 1],
    ['名前', 4],
    ['한글', 4],
    ['🎉', 2],
    ['ｆ', 2],
  ])('%j is %i', (text, width) => {
    expect(textWidth(text)).toBe(width);
  });

  test('counts when a text is cut or filled up', () => {
    expect(cutToWidth('名前', 3)).toBe('名');
    expect(cutToWidth('abc', 3)).toBe('abc');
    expect(padToWidth('名', 4, 'left')).toBe('名  ');
    expect(padToWidth('名', 4, 'right')).toBe('  名');
  });
});

describe('names in columns', () => {
  const names = ['a', 'bb', 'ccc', 'd', 'e'].map((name) => span(name));
  const shown = (width: number) =>
    inColumns(names, width).map((line) => line.map(({ text }) => text).join(''));

  test('go down first, and take as many columns as there is room for', () => {
    expect(shown(80)).toEqual(['a    bb   ccc  d    e']);
    expect(shown(10)).toEqual(['a    d', 'bb   e', 'ccc']);
    expect(shown(1)).toEqual(['a', 'bb', 'ccc', 'd', 'e']);
    expect(inColumns([], 80)).toEqual([]);
  });
});
