/**
 * A text from somewhere else, fit for a terminal: control characters, with which it could move the cursor or worse, become
 * `?`; line ends and tabs stay.
 */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about.
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '?');
}

/** The same for a text that stands in a line. */
export function printableLine(text: string): string {
  return printable(text.replaceAll(/[\t\n]/g, ' '));
}
