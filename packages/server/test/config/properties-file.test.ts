import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseProperties } from '../../src/config/properties-file.ts';

function pairs(text: string): readonly (readonly [string, string])[] {
  return parseProperties(text).entries.map(({ key, value }) => [key, value]);
}

describe('the text format of java.util.Properties', () => {
  test('a key ends at the first equals sign, colon or white space', () => {
    expect(pairs('a=1\nb:2\nc 3\nd\t4\ne\f5')).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
      ['d', '4'],
      ['e', '5'],
    ]);
  });

  test('white space around one separator belongs to neither side, a second separator to the value', () => {
    expect(pairs('  key  =  = value ')).toEqual([['key', '= value ']]);
  });

  test('a key without a value has an empty one', () => {
    expect(pairs('key\nother=')).toEqual([
      ['key', ''],
      ['other', ''],
    ]);
  });

  test('lines that begin with # or !, and empty ones, are skipped', () => {
    expect(pairs('# a=1\n  ! b=2\n\n \t\nc=3')).toEqual([['c', '3']]);
  });

  test('a comment is not continued by a backslash', () => {
    expect(pairs('# comment \\\na=1')).toEqual([['a', '1']]);
  });

  test('a backslash at the end continues a line, without the white space that follows', () => {
    expect(pairs('a=1,\\\n   2,\\\r\n\t3\nb=4')).toEqual([
      ['a', '1,2,3'],
      ['b', '4'],
    ]);
  });

  test('two backslashes at the end are one backslash, and the line ends', () => {
    expect(pairs('a=C:\\\\\nb=2')).toEqual([
      ['a', 'C:\\'],
      ['b', '2'],
    ]);
  });

  test('a comment sign in a continued line is text', () => {
    expect(pairs('a=1\\\n#2')).toEqual([['a', '1#2']]);
  });

  test('escapes stand for control characters, for the code of a character, or for the character itself', () => {
    expect(pairs('a\\=b=\\t\\n\\r\\f\\u0041\\q')).toEqual([['a=b', '\t\n\r\fAq']]);
  });

  test('a \\u without four hexadecimal digits is a fault that names its line, and the rest is read', () => {
    expect(parseProperties('a=1\nb=\\u12\nc=3')).toEqual({
      entries: [
        { key: 'a', value: '1', line: 1, lastLine: 1 },
        { key: 'c', value: '3', line: 3, lastLine: 3 },
      ],
      faults: [{ line: 2, key: 'b' }],
    });
  });

  test('every entry knows its first and its last line', () => {
    expect(parseProperties('\n# x\na=1\\\n2\nb=3').entries).toEqual([
      { key: 'a', value: '12', line: 3, lastLine: 4 },
      { key: 'b', value: '3', line: 5, lastLine: 5 },
    ]);
  });

  // Found by comparing with java.util.Properties of Java 17 on random texts.
  test.each([
    ['\\', [['', '']]],
    ['\\\n', [['', '']]],
    ['\\\n!x\na', [['a', '']]],
    ['\\\n\nb=1', [['b', '1']]],
    ['a\\', [['a', '']]],
  ])('the text %j is read as Java reads it', (text, expected) => {
    expect(pairs(text)).toEqual(expected);
  });

  test('no text makes it throw', () => {
    const piece = fc.constantFrom(
      'a',
      '=',
      ':',
      ' ',
      '\\',
      '\n',
      '\r',
      '#',
      '!',
      '\\u00',
      '\\u0041',
      'é',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string())), (pieces) => {
        const { entries } = parseProperties(pieces.join(''));
        for (const { line, lastLine } of entries) expect(lastLine).toBeGreaterThanOrEqual(line);
      }),
    );
  });

  test('what is written with escapes is read back', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (key, value) => {
        const write = (text: string) =>
          [...text.split('')]
            .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
            .join('');
        expect(pairs(`${write(key)}=${write(value)}`)).toEqual([[key, value]]);
      }),
    );
  });
});
