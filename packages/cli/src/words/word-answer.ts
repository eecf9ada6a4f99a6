// What the answers of the four-letter words have in common.

/** Whether a server says that it does not answer this word. */
export function isNotWhitelisted(answer: string): boolean {
  return answer.includes('is not executed because it is not in the whitelist');
}

/** Whether a server says that it does not serve now. */
export function isNotServing(answer: string): boolean {
  return answer.includes('not currently serving requests');
}

/**
 * The lines of an answer as keys and values, if it consists of them: `key<tab>value` (mntr), `key=value` (conf, envi) or
 * `Key: value` (srvr, dirs). A line without a value is a heading and left out. Undefined if nothing is left, or if a line
 * is something else.
 */
export function keysAndValues(answer: string): Readonly<Record<string, string>> | undefined {
  const values: Record<string, string> = {};
  let count = 0;
  for (const line of answer.split('\n')) {
    if (line === '') continue;
    const match = /^([^\t=:]+)(?:\t|=|:(?: |$))(.*)$/.exec(line);
    if (match === null || /^\s/.test(line)) return undefined;
    if (match[2] === '') continue;
    values[match[1]!] = match[2]!;
    count++;
  }
  return count === 0 ? undefined : values;
}
