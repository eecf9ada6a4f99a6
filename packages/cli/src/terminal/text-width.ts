/**
 * How many columns of a terminal a text takes: two for a wide sign (Chinese, Japanese, Korean, most emoji), none for a mark that
 * stands on the sign before it. Terminals differ about the rest of Unicode; these are what they agree on.
 *
 * Source: Unicode Standard Annex 11 (East Asian Width), as far as whole blocks are wide.
 */
export function textWidth(text: string): number {
  if (isAscii(text)) return text.length;
  let width = 0;
  for (const sign of text) width += signWidth(sign);
  return width;
}

/** As much of a text as fits into so many columns. */
export function cutToWidth(text: string, columnsMax: number): string {
  if (textWidth(text) <= columnsMax) return text;
  let width = 0;
  let end = 0;
  for (const sign of text) {
    width += signWidth(sign);
    if (width > columnsMax) break;
    end += sign.length;
  }
  return text.slice(0, end);
}

/** The text with blanks up to so many columns, on its right or on its left. */
export function padToWidth(text: string, columns: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, columns - textWidth(text)));
  return align === 'left' ? text + blanks : blanks + text;
}

const wide: readonly (readonly [from: number, to: number])[] = [
  [0x1100, 0x115f], // Hangul Jamo
  [0x2e80, 0x303e], // radicals, CJK punctuation
  [0x3041, 0x33ff], // Kana and its neighbours
  [0x3400, 0x4dbf], // CJK extension A
  [0x4e00, 0x9fff], // CJK
  [0xa000, 0xa4cf], // Yi
  [0xac00, 0xd7a3], // Hangul
  [0xf900, 0xfaff], // CJK compatibility
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60], // full width forms
  [0xffe0, 0xffe6],
  [0x20000, 0x3fffd], // CJK extensions
];

function signWidth(sign: string): number {
  if (/^(?:\p{Mn}|\p{Me}|\u200d|\ufe0f)$/u.test(sign)) return 0;
  const point = sign.codePointAt(0)!;
  const isWide = wide.some(([from, to]) => from <= point && point <= to);
  return isWide || /^\p{Emoji_Presentation}$/u.test(sign) ? 2 : 1;
}

function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}
