/** Every four-letter word that Apache's server knows, in the order of its documentation. */
export const FOUR_LETTER_WORD_NAMES = [
  'conf',
  'cons',
  'crst',
  'dirs',
  'dump',
  'envi',
  'gtmk',
  'hash',
  'isro',
  'mntr',
  'ruok',
  'srst',
  'srvr',
  'stat',
  'stmk',
  'wchc',
  'wchp',
  'wchs',
] as const;

/** Name of a word, or of the bytes that telnet sends when its user interrupts it. */
export type FourLetterWordName = (typeof FOUR_LETTER_WORD_NAMES)[number] | 'telnet close';
