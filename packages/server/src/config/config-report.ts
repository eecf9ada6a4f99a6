// What is said about a configuration: problems, which stop the server, and warnings, which do not.

/** Where a key stood. */
export interface ConfigPlace {
  /** Undefined: it was an argument, or it is missing altogether. */
  readonly file: string | undefined;
  /** From 1; undefined if there is no line to point at. */
  readonly line: number | undefined;
}

/** One remark about one key. */
export interface ConfigRemark extends ConfigPlace {
  /** As it was written: with its prefix if it was an argument. */
  readonly key: string;
  /** As it was written; `***` if it is a secret, undefined if the key is missing. */
  readonly value: string | undefined;
}

/** Why the server must not start. */
export interface ConfigProblem extends ConfigRemark {
  /** What is wrong, as the end of a sentence that begins with the key. */
  readonly reason: string;
  /** What to do about it: a sentence. */
  readonly remedy: string;
}

/** Something that works other than its author may think. */
export interface ConfigWarning extends ConfigRemark {
  /** The end of a sentence that begins with the key. */
  readonly message: string;
}

/** One line for a person: place, key, what is wrong, what to do. */
export function describeProblem(problem: ConfigProblem): string {
  return `${describeKey(problem)} ${problem.reason}. ${problem.remedy}`;
}

/** One line for a person. */
export function describeWarning(warning: ConfigWarning): string {
  const end = /[.!?]$/.test(warning.message) ? '' : '.';
  return `${describeKey(warning)} ${warning.message}${end}`;
}

function describeKey(remark: ConfigRemark): string {
  const value = remark.value === undefined ? '' : `=${remark.value}`;
  if (remark.file === undefined) return `${remark.key}${value}`;
  const line = remark.line === undefined ? '' : `:${remark.line}`;
  return `${remark.file}${line}: ${remark.key}${value}`;
}
