/**
 * The administration words. A connection whose first four bytes are one of them is a text connection, not
 * a frame of that length: as a number every word is larger than any frame may be.
 * Source: FourLetterCommands.
 */

/** Every word, in the order of Apache's documentation. */
export const fourLetterWords = [
  'conf',
  'cons',
  'crst',
  'dirs',
  'dump',
  'envi',
  'gtmk',
  'ruok',
  'stmk',
  'srvr',
  'srst',
  'stat',
  'wchc',
  'wchp',
  'wchs',
  'mntr',
  'isro',
  'hash',
] as const;

export type FourLetterWord = (typeof fourLetterWords)[number];

/** What telnet sends for Ctrl-C; the connection is closed on it, without an answer. As an int32. */
export const TELNET_CLOSE: number = 0xfff4fffd | 0;

/** The four bytes of a word as the big-endian int32 that a frame length would be. */
export function fourLetterWordCode(word: FourLetterWord): number {
  let code = 0;
  for (let i = 0; i < 4; i++) code = (code << 8) | word.charCodeAt(i);
  return code;
}

const wordByCode: ReadonlyMap<number, FourLetterWord> = new Map(
  fourLetterWords.map((word) => [fourLetterWordCode(word), word]),
);

/** The word whose four bytes are this big-endian int32; undefined when there is none. */
export function fourLetterWordOf(code: number): FourLetterWord | undefined {
  return wordByCode.get(code);
}
