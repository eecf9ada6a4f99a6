/**
 * The words of a line, as Apache's shell finds them: separated by white space; a word that begins with a quote goes on to the next
 * quote of its kind and loses both. There is no escape, and a quote inside of a word is a character like any other.
 *
 * Source: ZooKeeperMain.MyCommandOptions.parseCommand.
 */
export function splitLine(line: string): readonly string[] {
  return [...line.matchAll(/[^"'\s]\S*|"[^"]*"|'[^']*'/g)].map(([word]) =>
    /^(["']).*\1$/s.test(word) && word.length > 1 ? word.slice(1, -1) : word,
  );
}
