/**
 * The numbers that servers append to sequential names.
 *
 * A server prints a signed 32-bit counter with `%010d`: ten digits, or a minus sign and at least nine of them, once 2^31 names were
 * made below one parent. Source: PrepRequestProcessor.pRequest2TxnCreate.
 */

/** A number alone. */
const SEQUENCE = /^(?:-\d{9,10}|\d{10})$/;
/**
 * A number behind a name that is not known. Of `-lock-1000000000` the second minus is the name's, of `__lock__-1000000000` and
 * `-lock--1000000000` it is the number's: names that end with a letter or digit are followed by a minus of their own in all recipes.
 */
const SEQUENCE_AT_END = /(?:(?<=^|[^A-Za-z0-9])-\d{10}|-\d{9}|\d{10})$/;

/** The number at the end of a sequential name or path; undefined when there is none. */
export function trySequenceOf(name: string): number | undefined {
  const digits = SEQUENCE_AT_END.exec(name)?.[0];
  return digits === undefined ? undefined : Number(digits);
}

/** The number at the end of a sequential name or path, a signed 32-bit integer. @throws RangeError when there is none. */
export function sequenceOf(name: string): number {
  return Number(sequenceDigitsOf(name));
}

/** The same as it is written, for another name with that number. @throws RangeError when there is none. */
export function sequenceDigitsOf(name: string): string {
  const digits = SEQUENCE_AT_END.exec(name)?.[0];
  if (digits === undefined) throw new RangeError(`${name} does not end with a sequence number`);
  return digits;
}

/**
 * Which of two sequence numbers was given first: negative when it was `a`.
 *
 * The counter wraps from 2,147,483,647 to -2,147,483,648: of two names that live at the same time, the one less than 2^31 steps ahead
 * is the later one. Curator and kazoo compare texts here, which is the same until the counter wraps (and lets two in at once then).
 */
export function compareSequences(a: number, b: number): number {
  return (a - b) | 0;
}

/** A sequential name that has one of the markers that a recipe looks for. */
export interface SequencedName {
  readonly name: string;
  /** The text before the number that told whose it is. */
  readonly marker: string;
  readonly sequence: number;
}

/**
 * Those of `names` that end with one of `markers` and a sequence number, oldest first; others are left out.
 *
 * With `['lock-']` it is what Curator's StandardLockInternalsDriver sorts, with `['__lock__']` what kazoo's Lock does.
 */
export function sortBySequence(
  names: readonly string[],
  markers: readonly string[],
): SequencedName[] {
  const found: SequencedName[] = [];
  for (const name of names) {
    for (const marker of markers) {
      const at = name.lastIndexOf(marker);
      const digits = name.slice(at + marker.length);
      if (at < 0 || !SEQUENCE.test(digits)) continue;
      found.push({ name, marker, sequence: Number(digits) });
      break;
    }
  }
  return found.sort((a, b) => compareSequences(a.sequence, b.sequence));
}
