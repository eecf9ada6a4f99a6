// The text format of java.util.Properties, in which zoo.cfg is written. Decides which characters are a key and
// which a value, on which line; what they mean is left to the caller.
//
//   text        = *( blank | comment | entry )
//   comment     = *WSP ( "#" | "!" ) ... EOL                    ; never continued
//   entry       = *WSP key [ *WSP ( "=" | ":" ) ] *WSP value EOL ; space alone separates, too
//   continued     by a backslash before EOL; white space at the start of the next line is dropped
//   escapes       \t \n \r \f \uXXXX; a backslash before any other character is dropped
//
// Source: java.util.Properties.load(InputStream), which reads bytes as ISO-8859-1.

/** One `key=value` as it stands in the file. */
export interface PropertyEntry {
  readonly key: string;
  readonly value: string;
  /** First line, from 1. */
  readonly line: number;
  /** Last line: larger than `line` when the entry is continued. */
  readonly lastLine: number;
}

/** An escape that Java refuses. The entry is left out of the list. */
export interface PropertyFault {
  readonly line: number;
  /** The raw key, as far as it can be told; it may hold escapes. */
  readonly key: string;
}

/** Every entry in the order of the file, doublets included. */
export interface PropertyText {
  readonly entries: readonly PropertyEntry[];
  readonly faults: readonly PropertyFault[];
}

/** Reads a properties text. Never throws: what Java would refuse is in `faults`. */
export function parseProperties(text: string): PropertyText {
  const entries: PropertyEntry[] = [];
  const faults: PropertyFault[] = [];
  const lines = text.split(/\r\n|\r|\n/);
  for (let index = 0; index < lines.length; index++) {
    const first = index;
    let raw = stripLeadingSpace(lines[index]!);
    if (raw === '' || raw.startsWith('#') || raw.startsWith('!')) continue;
    while (endsInBackslash(raw)) {
      raw = raw.slice(0, -1);
      if (index + 1 >= lines.length || raw === '') break;
      index++;
      raw += stripLeadingSpace(lines[index]!);
    }
    // A backslash alone continues nothing, but at the end of the text Java makes an empty key of it.
    const isAtEnd = index + 2 >= lines.length && (lines[index + 1] ?? '') === '';
    if (raw === '' && !isAtEnd) continue;
    const split = splitEntry(raw);
    const key = decodeEscapes(split.key);
    const value = decodeEscapes(split.value);
    if (key === undefined || value === undefined) {
      faults.push({ line: first + 1, key: split.key });
    } else {
      entries.push({ key, value, line: first + 1, lastLine: index + 1 });
    }
  }
  return { entries, faults };
}

/** Java's white space of this format: space, tab, form feed. */
function isSpace(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\f';
}

function stripLeadingSpace(line: string): string {
  let start = 0;
  while (start < line.length && isSpace(line[start]!)) start++;
  return line.slice(start);
}

/** An odd number of backslashes at the end: an even number is escaped backslashes. */
function endsInBackslash(line: string): boolean {
  let count = 0;
  while (count < line.length && line[line.length - 1 - count] === '\\') count++;
  return count % 2 === 1;
}

function splitEntry(raw: string): { readonly key: string; readonly value: string } {
  let end = 0;
  while (end < raw.length) {
    const char = raw[end]!;
    if (char === '=' || char === ':' || isSpace(char)) break;
    end += char === '\\' ? 2 : 1;
  }
  end = Math.min(end, raw.length);
  let start = end;
  let isSeparatorSeen = false;
  for (; start < raw.length; start++) {
    const char = raw[start]!;
    if (isSpace(char)) continue;
    if (isSeparatorSeen || (char !== '=' && char !== ':')) break;
    isSeparatorSeen = true;
  }
  return { key: raw.slice(0, end), value: raw.slice(start) };
}

/** Undefined if a `\u` is not followed by four hexadecimal digits. */
function decodeEscapes(raw: string): string | undefined {
  if (!raw.includes('\\')) return raw;
  let text = '';
  for (let index = 0; index < raw.length; index++) {
    const char = raw[index]!;
    if (char !== '\\') {
      text += char;
      continue;
    }
    index++;
    const escaped = raw[index];
    if (escaped === undefined) break;
    if (escaped === 'u') {
      const digits = raw.slice(index + 1, index + 5);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) return undefined;
      text += String.fromCharCode(Number.parseInt(digits, 16));
      index += 4;
    } else {
      text += controlCharacters.get(escaped) ?? escaped;
    }
  }
  return text;
}

const controlCharacters: ReadonlyMap<string, string> = new Map([
  ['t', '\t'],
  ['n', '\n'],
  ['r', '\r'],
  ['f', '\f'],
]);
