import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseArguments } from '../../src/shell/arguments.ts';
import { hexDump } from '../../src/shell/hex-dump.ts';
import { readInvocation } from '../../src/shell/invocation.ts';
import { parseQuota, quotaText } from '../../src/shell/quota.ts';
import { ShellError } from '../../src/shell/shell-error.ts';
import { splitLine } from '../../src/shell/split-line.ts';

describe('the words of a line', () => {
  test.each([
    ['  ls   /zoo ', ['ls', '/zoo']],
    ['set /a "two words" -v 1', ['set', '/a', 'two words', '-v', '1']],
    [`set /a '{"key": 1}'`, ['set', '/a', '{"key": 1}']],
    ['set /a ""', ['set', '/a', '']],
    ['set /a x"y z"', ['set', '/a', 'x"y', 'z"']],
    ['set /a "x"y', ['set', '/a', 'x', 'y']],
    ['', []],
  ])('of %j are %j', (line, words) => {
    expect(splitLine(line)).toEqual(words);
  });

  test('any words without quotes or blanks, quoted or not, come out as they went in', () => {
    const word = fc.stringMatching(/^[^\s"']{1,10}$/);
    const quoted = fc.stringMatching(/^[^"']{0,10}$/);
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            word.map((text) => [text, text]),
            quoted.map((text) => [text, `"${text}"`]),
          ),
        ),
        (pieces) => {
          const line = pieces.map(([, written]) => written).join(' ');
          expect(splitLine(line)).toEqual(pieces.map(([text]) => text));
        },
      ),
    );
  });

  test('no text is too strange to be split', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (line) => {
        for (const word of splitLine(line)) expect(line).toContain(word);
      }),
    );
  });
});

describe('options of a command', () => {
  const specs = {
    s: { help: '' },
    w: { help: '' },
    v: { help: '', value: 'version' },
    add: { help: '', value: 'members' },
  };

  test.each([
    [['-s', '-w', '-v', '3', '/a']],
    [['/a', '-sw', '-v3']],
    [['-swv', '3', '/a']],
    [['--s', '/a', '-v=3', '-w']],
  ])('%j are all one', (words) => {
    const args = parseArguments(words, specs);
    expect(args.operands).toEqual(['/a']);
    expect([args.has('s'), args.has('w'), args.integer('v')]).toEqual([true, true, 3]);
  });

  test('end at two hyphens, and may have negative numbers as values', () => {
    const args = parseArguments(['-v', '-1', '--', '-s', '-x'], specs);
    expect([args.integer('v'), args.has('s'), args.operands]).toEqual([-1, false, ['-s', '-x']]);
  });

  test('are refused when they do not exist or lack their value', () => {
    expect(() => parseArguments(['-q'], specs)).toThrow('Unrecognized option: -q');
    expect(() => parseArguments(['-v'], specs)).toThrow('Missing argument for option: v');
    expect(() => parseArguments(['-v', '-s'], specs)).toThrow('Missing argument for option: v');
    expect(() => parseArguments(['-v', 'x'], specs).integer('v')).toThrow(ShellError);
  });

  test('are read or refused, whatever the words are', () => {
    const word = fc.oneof(
      fc.constantFrom('-s', '-v', '-add', '--', '-', '-svw', '--add=x'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(word), (words) => {
        try {
          for (const operand of parseArguments(words, specs).operands)
            expect(words).toContain(operand);
        } catch (error) {
          expect(error).toBeInstanceOf(ShellError);
        }
      }),
    );
  });
});

describe('the arguments of zooid shell', () => {
  test.each([
    [[], 'localhost:2181', undefined, true],
    [['ls', '/'], 'localhost:2181', ['ls', '/'], true],
    [['-server', 'a:1', 'ls', '-s', '/'], 'a:1', ['ls', '-s', '/'], true],
    [['localhost', 'ls', '/zoo'], 'localhost', ['ls', '/zoo'], false],
    [['zk1', 'get', '/'], 'zk1', ['get', '/'], false],
    [['zk1:2181,zk2:2181/app'], 'zk1:2181,zk2:2181/app', undefined, false],
    [['a:1', '-timeout', '500', 'ls', '/'], 'a:1', ['ls', '/'], false],
    [['nonsense'], 'localhost:2181', ['nonsense'], true],
  ])('%j', (args, hosts, words, printsConnection) => {
    expect(readInvocation(args)).toMatchObject({ hosts, words, printsConnection });
  });

  test.each([[['-server']], [['-timeout', 'x']], [['--nope', 'ls']]])('%j is refused', (args) => {
    expect(() => readInvocation(args)).toThrow();
  });
});

test('a quota is written so that ZooKeeper of before 3.7 reads it, too', () => {
  const numbers = parseQuota('count=3,bytes=-1=;countHardLimit=5;byteHardLimit=-1');
  expect(quotaText(numbers)).toBe('count=3,bytes=-1=;byteHardLimit=-1;countHardLimit=5');
  expect(quotaText(parseQuota('count=3,bytes=4'))).toBe('count=3,bytes=4');
});

test('a hexadecimal dump has a line for each sixteen bytes', () => {
  expect(hexDump(new Uint8Array(0))).toBe('');
  const lines = hexDump(Uint8Array.from({ length: 17 }, (_, i) => 0x3f + i)).split('\n');
  expect(lines).toHaveLength(6);
  expect(lines[3]).toBe(
    '|00000000| 3f 40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e |?@ABCDEFGHIJKLMN|',
  );
  expect(lines[4]).toBe(
    '|00000010| 4f                                              |O               |',
  );
});
