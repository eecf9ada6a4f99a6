/**
 * A text of Java properties as far as the shell meets them: a `key=value` on each line, `#` and `!` begin a comment. Continued
 * lines and escapes are not read.
 */
export function parseProperties(text: string): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  for (const line of text.split(/\r\n|\r|\n/)) {
    const match = /^\s*([^#!=:\s][^=:\s]*)\s*[=:\s]\s*(.*)$/.exec(line);
    if (match !== null) entries.set(match[1]!, match[2]!.trimEnd());
  }
  return entries;
}
